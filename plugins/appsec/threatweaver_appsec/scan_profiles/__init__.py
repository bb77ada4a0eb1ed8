"""Scan profiles: how thorough a scan is, and what it may cost."""
