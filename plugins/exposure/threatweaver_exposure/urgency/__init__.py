"""What became critical, or known to be exploited, lately."""
