"""Users of a tenant, as its administrators see them."""
