"""JSON Web Tokens as far as an attacker needs them: read one, write one, sign with a shared secret."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PATTERN = re.compile(r"eyJ[\w-]{5,}\.eyJ[\w-]{2,}\.[\w-]*")
DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


@dataclass(frozen=True)
class Token:
    """A signed token in its three parts."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signature: bytes
    text: str

    @property
    def algorithm(self) -> str:
        """What it says it is signed with."""
        return str(self.header.get("alg", ""))

    @property
    def signed(self) -> bytes:
        """The part of the text that its signature is of."""
        return self.text.rpartition(".")[0].encode()


def parse(text: str) -> Token | None:
    """Return the token, None when the text is none."""
    try:
        head, body, signature = text.split(".")
        header, claims = json.loads(decode(head)), json.loads(decode(body))
        if isinstance(header, dict) and isinstance(claims, dict) and "alg" in header:
            return Token(header, claims, decode(signature), text)
    except (ValueError, binascii.Error, RecursionError):
        pass
    return None


def write(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes | None) -> str:
    """Return a token signed as its header says; with an empty signature where there is no secret."""
    signed = f"{encode(_dump(header))}.{encode(_dump(claims))}"
    if secret is None:
        return f"{signed}."
    return f"{signed}.{encode(sign(str(header['alg']), secret, signed.encode()))}"


def sign(algorithm: str, secret: bytes, signed: bytes) -> bytes:
    """Return the HMAC of an HS algorithm."""
    return hmac.new(secret, signed, DIGESTS[algorithm]).digest()


def secret_of(token: Token, candidates: tuple[str, ...]) -> str | None:
    """Return which of the candidates a token is signed with."""
    if token.algorithm not in DIGESTS:
        return None
    signed = token.signed
    return next(
        (word for word in candidates if sign(token.algorithm, word.encode(), signed) == token.signature), None
    )


def encode(raw: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding; raise ValueError when it is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def pem_of_rsa(modulus: str, exponent: str) -> str:
    """Return the public key of a JWK's n and e as PEM (SubjectPublicKeyInfo), as libraries write it."""
    key = _der(0x30, _integer(decode(modulus)) + _integer(decode(exponent)))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    body = base64.b64encode(_der(0x30, algorithm + _der(0x03, b"\0" + key))).decode()
    lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"


def _integer(raw: bytes) -> bytes:
    raw = raw.lstrip(b"\0") or b"\0"
    return _der(0x02, b"\0" + raw if raw[0] & 0x80 else raw)


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
