"""What the scanner looks for: one file for each family, each with its AGENTS."""
