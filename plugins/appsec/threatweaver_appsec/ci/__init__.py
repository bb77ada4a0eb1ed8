"""Pipelines: scans that they start, policies that they are judged by, signed verdicts."""
