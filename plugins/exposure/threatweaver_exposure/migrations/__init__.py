"""Migrations of the exposure tables, in each tenant schema."""
