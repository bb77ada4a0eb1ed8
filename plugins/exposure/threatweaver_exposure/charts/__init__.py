"""Charts: from the JSON of an answer to SVG. Pure: no kernel, no database, no HTTP but in rendition.py."""
