"""Payload sets: values of one's own that scans try, proven as built-in ones are."""
