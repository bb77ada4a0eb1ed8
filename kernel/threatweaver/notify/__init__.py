"""Telling people and other systems what happened: mail, channels, preferences, digests."""
