"""What kinds of provider there are, and which signatures an OpenID provider may use."""

from enum import StrEnum


class Kind(StrEnum):
    """The protocol a provider speaks."""

    SAML = "saml"
    OIDC = "oidc"
    LDAP = "ldap"


SECRETS = {Kind.OIDC: "client_secret", Kind.LDAP: "bind_password"}

# Asymmetric alone: a shared secret would let whoever knows the client secret write identities.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
