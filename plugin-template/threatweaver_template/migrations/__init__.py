"""Migrations of template, in each tenant schema."""
