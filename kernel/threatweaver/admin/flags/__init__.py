"""Switches that a tenant's administrators may turn, declared by the kernel and the modules."""
