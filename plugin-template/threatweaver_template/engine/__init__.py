"""Pure code: no kernel, no database, no request."""
