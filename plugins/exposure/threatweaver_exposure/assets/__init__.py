"""Assets, their tags and groups."""
