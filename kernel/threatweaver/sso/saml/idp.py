"""Reading the metadata of an identity provider."""

import base64
import binascii
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as Parser

from threatweaver.sso.errors import ProviderMisconfigured

_MIN_RSA_BITS = 2048


def parse_metadata(xml: str) -> dict[str, Any]:
    """Return `entityId`, `ssoUrl` and `certificates`; no DTD, no entities. Raises ProviderMisconfigured."""
    try:
        found = Parser.parse(xml.strip().encode()).get("idp", {})
    except (ValueError, etree.LxmlError):
        raise ProviderMisconfigured("This is no SAML metadata.") from None
    several = found.get("x509certMulti", {}).get("signing")
    certificates = several or ([found["x509cert"]] if found.get("x509cert") else [])
    location = found.get("singleSignOnService", {}).get("url", "")
    if not found.get("entityId") or urlsplit(location).scheme not in {"https", "http"} or not certificates:
        raise ProviderMisconfigured(
            "The metadata names no identity provider with an HTTP-Redirect sign-on address and a signing key."
        )
    return {
        "entityId": found["entityId"],
        "ssoUrl": location,
        "certificates": [certificate(text) for text in certificates],
    }


def certificate(text: str) -> str:
    """Return a certificate, PEM or base64, as base64 of its DER. Raises ProviderMisconfigured."""
    body = "".join(line for line in text.split("\n") if not line.startswith("-----"))
    try:
        loaded = x509.load_der_x509_certificate(base64.b64decode("".join(body.split()), validate=True))
        key = loaded.public_key()
    except (binascii.Error, ValueError):
        raise ProviderMisconfigured("A signing certificate of the provider cannot be read.") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) and not (
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS
    ):
        raise ProviderMisconfigured(f"Signing keys must be EC, or RSA of at least {_MIN_RSA_BITS} bits.")
    return base64.b64encode(loaded.public_bytes(Encoding.DER)).decode()
