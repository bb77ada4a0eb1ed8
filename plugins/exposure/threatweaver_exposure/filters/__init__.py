"""Saved filters, and what the lists they are for can be asked."""
