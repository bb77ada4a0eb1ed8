"""The license as administrators see it."""
