"""Exposure management: what is on the network, what is wrong with it, what to fix first."""
