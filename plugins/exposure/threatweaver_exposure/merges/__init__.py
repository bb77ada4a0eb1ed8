"""Merging assets that are one, splitting what are two, and undoing both."""
