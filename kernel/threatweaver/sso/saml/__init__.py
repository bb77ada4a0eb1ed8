"""SAML 2.0: our side of it, and the checks an assertion has to pass."""
