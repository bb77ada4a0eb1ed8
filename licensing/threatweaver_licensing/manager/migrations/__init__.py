"""The manager's tables, step by step."""
