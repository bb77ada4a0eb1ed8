"""Background work on PostgreSQL."""
