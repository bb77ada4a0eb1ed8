"""Migrations of the control schema."""
