"""The feed of changes, for who keeps a copy."""
