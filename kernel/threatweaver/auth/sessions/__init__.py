"""Sessions: what they are asked for on each request, and their list."""
