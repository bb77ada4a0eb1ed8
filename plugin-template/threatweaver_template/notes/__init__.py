"""Notes: a stock resource and one action."""
