"""Reports of tools that no parser knows, by what somebody said of their columns."""
