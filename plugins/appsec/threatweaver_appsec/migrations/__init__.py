"""Migrations of appsec's tables."""
