"""Passwords that a client encrypts for us: a fresh RSA key each day, compact JWE."""
