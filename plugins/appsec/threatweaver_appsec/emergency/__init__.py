"""The emergency stop: all scans of the tenant at once."""
