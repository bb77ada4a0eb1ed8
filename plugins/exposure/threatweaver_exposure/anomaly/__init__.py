"""Anomalies: days on which a figure left what is usual for it, and what made the difference."""
