"""Figures of what is open now: how old it is, where it is, what it is, who looked."""
