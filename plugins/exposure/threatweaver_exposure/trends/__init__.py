"""Courses over time: what came, what went, how fast, and which days stand out."""
