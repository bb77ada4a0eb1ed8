"""Findings of several tools that are one flaw of an asset, by the recipe that a tenant chose."""
