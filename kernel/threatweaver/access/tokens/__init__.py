"""API tokens: credentials of scripts, with a part of their owner's permissions."""
