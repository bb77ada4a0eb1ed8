"""Migrations of the template, in each tenant schema."""
