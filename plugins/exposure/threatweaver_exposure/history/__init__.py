"""What happened to vulnerabilities, and what was known on a day."""
