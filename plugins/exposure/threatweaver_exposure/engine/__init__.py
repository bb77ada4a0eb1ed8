"""Pure parsing and scoring: no kernel, no database, no HTTP."""
