"""A ThreatWeaver plugin."""
