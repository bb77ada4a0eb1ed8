"""Exports: a list as a file, written in the background and kept for a week."""
