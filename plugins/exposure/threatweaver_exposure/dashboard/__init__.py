"""Key figures, from rollups."""
