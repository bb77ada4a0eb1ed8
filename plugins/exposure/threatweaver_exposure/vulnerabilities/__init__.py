"""Vulnerabilities: one weakness on one asset, at one place."""
