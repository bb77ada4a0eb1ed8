"""What the administrators of a tenant decide."""
