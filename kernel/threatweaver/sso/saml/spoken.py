"""What we say in SAML: what we tell an identity provider of us, and what we ask it.

The library, with libxml2 and xmlsec, weighs 12 MB in each process: what serves imports this, and the other
modules that need it, when somebody speaks SAML.
"""

import base64
import html
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Words
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Utils

from threatweaver.sso.saml.party import Party


def library_settings(party: Party, idp: dict[str, Any] | None, *, encrypted: bool) -> OneLogin_Saml2_Settings:
    """Return the library's settings: strict, signed assertions, no SHA-1; `idp` None for metadata alone."""
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": party.entity_id if idp else html.escape(party.entity_id),
                "assertionConsumerService": {
                    "url": party.acs if idp else html.escape(party.acs),
                    "binding": Words.BINDING_HTTP_POST,
                },
                "NameIDFormat": Words.NAMEID_UNSPECIFIED,
                "x509cert": party.certificate,
                "privateKey": party.private_key,
            },
            "idp": idp or {},
            "security": {
                "authnRequestsSigned": True,
                "wantAssertionsSigned": True,
                "wantAssertionsEncrypted": encrypted,
                "rejectDeprecatedAlgorithm": True,
                "requestedAuthnContext": False,
                "wantAttributeStatement": False,
                "allowRepeatAttributeName": True,
                "metadataValidUntil": "",
                "metadataCacheDuration": "",
                "allowSingleLabelDomains": True,
            },
        },
        sp_validation_only=idp is None,
    )


def metadata(party: Party) -> bytes:
    """Return our metadata: signing and encryption key, where responses go, signed assertions wanted."""
    text = library_settings(party, None, encrypted=True).get_sp_metadata()
    return text if isinstance(text, bytes) else text.encode()


_REQUEST = """<samlp:AuthnRequest xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID="{id}" Version="2.0" \
IssueInstant="{now}" Destination="{destination}" ProtocolBinding="{binding}" \
AssertionConsumerServiceURL="{acs}"><saml:Issuer>{issuer}</saml:Issuer></samlp:AuthnRequest>"""


def request_url(party: Party, sso_url: str) -> tuple[str, str]:
    """Return a fresh request's id and where to send the browser with it, signed (HTTP-Redirect binding)."""
    request_id = f"_{secrets.token_hex(20)}"
    values = {
        "id": request_id,
        "samlp": Words.NS_SAMLP,
        "saml": Words.NS_SAML,
        "now": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "destination": sso_url,
        "binding": Words.BINDING_HTTP_POST,
        "acs": party.acs,
        "issuer": party.entity_id,
    }
    request = _REQUEST.format(**{name: html.escape(text) for name, text in values.items()})
    query = urlencode({"SAMLRequest": Utils.deflate_and_base64_encode(request), "SigAlg": Words.RSA_SHA256})
    # Made here and sealed since: proving its primes anew would hold up every request for 150 ms.
    key = serialization.load_pem_private_key(
        party.private_key.encode(), None, unsafe_skip_rsa_key_validation=True
    )
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - party makes no other
    signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    query += "&" + urlencode({"Signature": base64.b64encode(signature).decode()})
    return request_id, f"{sso_url}{'&' if '?' in sso_url else '?'}{query}"
