"""SCIM 2.0: a directory keeps the users and groups of a tenant up to date."""
