"""What fixing would bring: where the risk is, and what a patch takes away."""
