"""How each person wants to hear of what happens."""
