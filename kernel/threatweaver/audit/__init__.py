"""The audit log: one line for every write and every security event, chained by hashes."""
