"""From the groups of a directory to a role here."""
