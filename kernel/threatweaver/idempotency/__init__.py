"""Idempotency-Key: a POST that is sent twice is done once (draft-ietf-httpapi-idempotency-key)."""
