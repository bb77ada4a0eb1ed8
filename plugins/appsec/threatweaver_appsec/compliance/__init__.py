"""Findings by the categories of published lists."""
