"""What a target is made of, what stands in front of it, and whether it answers the same to the same."""
