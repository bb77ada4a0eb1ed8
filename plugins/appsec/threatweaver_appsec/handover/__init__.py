"""Findings as a report for whatever module imports reports: what stands open at a host, after each change."""
