"""Reports in: upload, parse, merge."""
