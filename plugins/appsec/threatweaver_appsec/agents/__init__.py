"""Agents: what scans look for, and which of it a tenant wants."""
