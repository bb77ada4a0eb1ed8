"""Targets: what may be scanned, and the proof that it may."""
