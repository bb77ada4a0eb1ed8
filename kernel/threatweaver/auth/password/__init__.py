"""What a password must be, and how it is changed and replaced."""
