"""Declarative list, get, create, update and delete."""
