"""What plugin authors need to test a wheel on its own."""
