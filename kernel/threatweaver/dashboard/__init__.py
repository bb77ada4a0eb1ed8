"""Widgets that plugins contribute to one dashboard."""
