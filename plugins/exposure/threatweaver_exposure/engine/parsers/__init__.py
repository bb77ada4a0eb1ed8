"""Formats of reports, a module each; `catalog.py` lists them."""
