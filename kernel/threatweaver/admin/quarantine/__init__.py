"""What imports refused: the reason and the data, to look at, try again or delete."""
