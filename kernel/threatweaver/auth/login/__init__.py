"""Signing in, step by step: password, second factor, tenant."""
