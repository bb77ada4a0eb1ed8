"""Assessments: scans of targets, from the queue to what was covered, seen and found."""
