"""Suppressions: findings that do not count, by rule."""
