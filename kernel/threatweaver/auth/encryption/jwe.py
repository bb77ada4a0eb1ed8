"""Compact JWE with RSA-OAEP-256 and A256GCM, and nothing else. Pure: no key is looked up here."""

from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64decode

from threatweaver.auth.encryption.errors import PasswordUnreadable

ALG, ENC = "RSA-OAEP-256", "A256GCM"
_BITS = 3072
_PARTS = 5
_HEADER = {"alg", "enc", "kid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What was encrypted: the password, when (Unix seconds), and a nonce of the client's."""

    password: str
    iat: int
    nonce: str


def new_key(kid: str) -> tuple[dict[str, Any], str]:
    """Return a new pair: the public JWK, and the private one as text. Takes some tenths of a second."""
    key = RSAKey.generate_key(_BITS, {"kid": kid, "use": "enc", "alg": ALG}, private=True)
    return dict(key.as_dict(private=False)), orjson.dumps(key.as_dict(private=True)).decode()


def kid_of(text: str) -> str:
    """Return the key id of a JWE whose header is exactly what we take. Raises PasswordUnreadable."""
    parts = text.split(".")
    try:
        header = orjson.loads(urlsafe_b64decode(parts[0].encode("ascii")))
    except ValueError:
        raise PasswordUnreadable from None
    if len(parts) != _PARTS or not isinstance(header, dict) or set(header) != _HEADER:
        raise PasswordUnreadable
    if (header["alg"], header["enc"]) != (ALG, ENC) or not isinstance(header["kid"], str):
        raise PasswordUnreadable
    return header["kid"]


def open_with(private_jwk: str, text: str) -> Content:
    """Decrypt. Raises PasswordUnreadable."""
    try:
        key = RSAKey.import_key(orjson.loads(private_jwk))
        plain = jwe.decrypt_compact(text, key, algorithms=[ALG, ENC]).plaintext
        value = orjson.loads(plain or b"")
    except (JoseError, ValueError):
        raise PasswordUnreadable from None
    if not isinstance(value, dict) or set(value) != {"password", "iat", "nonce"}:
        raise PasswordUnreadable
    password, iat, nonce = value["password"], value["iat"], value["nonce"]
    if not (isinstance(password, str) and type(iat) is int and isinstance(nonce, str)):
        raise PasswordUnreadable
    return Content(password=password, iat=iat, nonce=nonce)
