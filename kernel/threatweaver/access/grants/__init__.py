"""Grants: a role for a person or a group, in the whole tenant or for some of its rows."""
