"""JSON Web Tokens by hand: libraries refuse the mistakes that are wanted here."""

import base64
import binascii
import functools
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@functools.cache
def private_key() -> rsa.RSAPrivateKey:
    """Return the key of this process."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem() -> bytes:
    """Return the public key as PEM."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return private_key().public_key().public_bytes(serialization.Encoding.PEM, kind)


@dataclass(frozen=True)
class Policy:
    """How tokens are made and checked; the flags are the mistakes."""

    algorithm: str
    secret: bytes = b""
    accepts_none: bool = False
    accepts_any: bool = False
    """The token's own algorithm is believed, and the public key serves as secret of HS256."""
    ignores_expiry: bool = False
    ignores_signature: bool = False
    reads_kid: bool = False
    """The secret is read from the file that the token's kid names."""

    def issue(self, claims: dict[str, Any]) -> str:
        """Return a token that is good for an hour."""
        now = int(time.time())
        return encode({"iat": now, "exp": now + 3600, **claims}, self.algorithm, self.secret)

    def claims(self, token: str) -> dict[str, Any] | None:
        """Return what a token says, None where it is not to be believed."""
        try:
            head, body, signature = token.split(".")
            algorithm = str(json.loads(_decode(head))["alg"])
            claims = dict(json.loads(_decode(body)))
            secret = self._named(json.loads(_decode(head)).get("kid"))
            good = self._good(algorithm, f"{head}.{body}".encode(), _decode(signature), secret)
            expires = float(claims.get("exp", 0))
        except (ValueError, TypeError, KeyError, binascii.Error):
            return None
        return claims if good and (self.ignores_expiry or expires > time.time()) else None

    def _named(self, kid: object) -> bytes:
        """Return the secret that a kid names, this policy's own where it names none."""
        if not self.reads_kid or not isinstance(kid, str):
            return self.secret or public_pem()
        try:
            with (Path("/etc") / kid).open("rb") as file:
                return file.read(4096)
        except OSError:
            raise ValueError(kid) from None

    def _good(self, algorithm: str, signed: bytes, signature: bytes, secret: bytes) -> bool:
        if self.ignores_signature:
            return True
        if algorithm.lower() == "none":
            return self.accepts_none
        if algorithm == "HS256" and (self.algorithm == "HS256" or self.accepts_any):
            return hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).digest(), signature)
        return algorithm == self.algorithm == "RS256" and _verified(signed, signature)


def _verified(signed: bytes, signature: bytes) -> bool:
    try:
        private_key().public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def encode(claims: dict[str, Any], algorithm: str, secret: bytes = b"", kid: str | None = None) -> str:
    """Return a token signed with HS256, RS256 (this process' key) or none."""
    head = {"alg": algorithm, "typ": "JWT"} | ({"kid": kid} if kid else {})
    parts = (head, claims)
    signed = ".".join(_encode(json.dumps(part).encode()) for part in parts)
    signature = b""
    if algorithm == "HS256":
        signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    elif algorithm == "RS256":
        signature = private_key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encode(signature)}"


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
