"""Findings: what scans and people found, what was decided about it, and what became of it."""
