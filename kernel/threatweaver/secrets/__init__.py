"""Secrets at rest: encrypted columns under a ring of keys."""
