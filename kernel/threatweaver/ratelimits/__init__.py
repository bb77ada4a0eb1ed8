"""Rate limits: one set of buckets for all processes and hosts, in PostgreSQL."""
