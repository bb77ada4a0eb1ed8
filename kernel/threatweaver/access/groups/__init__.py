"""Groups of users, which grants can name."""
