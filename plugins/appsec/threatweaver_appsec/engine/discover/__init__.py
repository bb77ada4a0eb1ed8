"""Finds what a target can be asked: pages, forms, documents, scripts, a browser."""
