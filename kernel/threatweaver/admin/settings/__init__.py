"""The tenant's settings: declared, typed, versioned."""
