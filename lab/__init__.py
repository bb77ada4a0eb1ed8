"""Deliberately vulnerable applications and their safe twins, for tests of the scanner. Never expose them."""
