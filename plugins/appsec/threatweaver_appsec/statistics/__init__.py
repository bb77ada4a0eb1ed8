"""Figures over all findings and assessments."""
