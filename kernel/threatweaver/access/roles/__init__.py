"""Roles: the seven documented ones, and those a tenant makes of the declared permissions."""
