"""The identity providers of a tenant, and what they need to know of us."""
