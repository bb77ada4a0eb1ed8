"""Slow guessing down without locking anybody out."""
