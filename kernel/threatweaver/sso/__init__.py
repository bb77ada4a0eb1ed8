"""Single sign-on: SAML, OpenID Connect, LDAP, and SCIM provisioning."""
