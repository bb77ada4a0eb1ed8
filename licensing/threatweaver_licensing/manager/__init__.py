"""The license manager: the vendor's small service that issues, renews and revokes (ADR 0019)."""
