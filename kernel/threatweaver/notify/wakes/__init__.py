"""When whose notifications want to be looked at: what keeps idle tenants from being asked each minute."""
