"""Calls of every route, made from their declarations alone (docs/adr/0016)."""
