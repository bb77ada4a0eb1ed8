"""Migrations of the kernel tables in each tenant schema."""
