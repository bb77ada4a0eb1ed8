"""How an identity signs in, how that is proven, and whether the session still lives."""
