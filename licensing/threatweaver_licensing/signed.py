"""A signed JWT of one kind: the same strict form for each kind, but never one in place of another."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

from threatweaver_licensing.errors import Malformed, Refused
from threatweaver_licensing.keys import KeyRing, PublicKey, SigningKey, algorithm_of, key_id
from threatweaver_licensing.strict import Checks, shown

_JWS: Final = jwt.PyJWS(algorithms=["EdDSA", "RS256"])
_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_HEADER: Final = frozenset({"alg", "kid", "typ"})  # no crit, and no key or address of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What sets one kind of signed document apart: its `typ`, its size, and how it is refused."""

    typ: str
    max_bytes: int
    malformed: type[Malformed]
    too_large: type[Refused]
    unknown_key: type[Refused]
    algorithm: type[Refused]
    signature: type[Refused]


def sign(kind: Kind, payload: Mapping[str, Any], private_key: SigningKey) -> str:
    """The signed document, or what `kind` raises for one that is too large."""
    token = _JWS.encode(
        json.dumps(payload, separators=(",", ":"), sort_keys=True).encode(),
        private_key,
        algorithm=algorithm_of(private_key),
        headers={"kid": key_id(private_key.public_key()), "typ": kind.typ},
    )
    if len(token) > kind.max_bytes:
        raise kind.too_large
    return token


def open_signed(kind: Kind, token: object, keyring: KeyRing) -> object:
    """The payload of a document with a trusted signature, or what `kind` raises."""
    text, header, _ = _read(kind, token)
    key = _trusted_key(kind, header, keyring)
    try:
        signed = _JWS.decode(text, key=key.key, algorithms=[key.algorithm])
    except jwt.InvalidSignatureError as error:
        raise kind.signature from error
    except jwt.PyJWTError as error:
        raise kind.malformed("token", "is not a signed token") from error
    return Checks(kind.malformed).json("payload", signed)


def open_unverified(kind: Kind, token: object) -> tuple[dict[str, str], object]:
    """Header and payload that nobody has checked: to show them, never to grant anything."""
    _, header, payload = _read(kind, token)
    return header | {"kid": shown(header["kid"])}, Checks(kind.malformed).json("payload", payload)


def kid_of(token: str) -> str:
    """The id of the key that a verified document was signed with."""
    header: dict[str, str] = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    return header["kid"]


def _read(kind: Kind, token: object) -> tuple[str, dict[str, str], bytes]:
    if not isinstance(token, str):
        raise kind.malformed("token", "must be a text")
    if len(token) > kind.max_bytes:
        raise kind.too_large
    shape = _SHAPE.fullmatch(token)
    if shape is None:
        raise kind.malformed("token", "must be three base64url parts")
    header = Checks(kind.malformed).json("header", _decode(kind, "header", shape[1]))
    return token, _checked_header(kind, header), _decode(kind, "payload", shape[2])


def _checked_header(kind: Kind, header: object) -> dict[str, str]:
    if not isinstance(header, dict):
        raise kind.malformed("header", "must be an object")
    if unknown := sorted(header.keys() - _HEADER):
        raise kind.malformed(shown(unknown[0]), "is not allowed in the header")
    for name in sorted(_HEADER):
        if not isinstance(header.get(name), str):
            raise kind.malformed(name, "must be a text in the header")
    if header["typ"] != kind.typ:
        raise kind.malformed("typ", f"must be {kind.typ}")
    if header["alg"] not in _JWS.get_algorithms():
        raise kind.algorithm
    return header


def _trusted_key(kind: Kind, header: dict[str, str], keyring: KeyRing) -> PublicKey:
    key = keyring.find(header["kid"])
    if key is None:
        raise kind.unknown_key
    if header["alg"] != key.algorithm:
        raise kind.algorithm
    return key


def _decode(kind: Kind, field: str, part: str) -> bytes:
    if len(part) % 4 == 1:
        raise kind.malformed(field, "is not base64url")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
