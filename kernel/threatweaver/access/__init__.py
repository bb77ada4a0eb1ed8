"""Who may do what: API tokens, roles, grants, groups and users of a tenant."""
