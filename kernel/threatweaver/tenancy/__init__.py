"""Tenants: their schema, their database role and their life."""
