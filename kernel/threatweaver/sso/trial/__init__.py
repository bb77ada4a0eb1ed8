"""Trying a provider out without signing anybody in."""
