"""Templates: checks of ones own, as a subset of what Nuclei takes."""
