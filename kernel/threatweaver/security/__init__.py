"""What keeps a tenant safe, seen from above: sessions, lockouts, keys, posture."""
