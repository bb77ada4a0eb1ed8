"""Authentication profiles: how scans sign in, their secrets sealed."""
