"""Modules: what is installed, what runs and why, for whom, and what an operator may switch."""
