"""One line for every write."""
