"""By when a vulnerability has to be fixed, and how many are."""
