"""A license as a signed JWT: issued with a private key, verified against the ring of trusted ones."""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any, Final, Never

import jwt

from threatweaver_licensing.claims import Claims, shown
from threatweaver_licensing.errors import (
    AlgorithmRefused,
    BadSignature,
    LicenseMalformed,
    LicenseTooLarge,
    UnknownKey,
)
from threatweaver_licensing.keys import KeyRing, PublicKey, SigningKey, algorithm_of, key_id

MAX_BYTES: Final = 16 * 1024

_JWS: Final = jwt.PyJWS(algorithms=["EdDSA", "RS256"])
_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_HEADER: Final = frozenset({"alg", "kid", "typ"})  # no crit, and no key or address of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """What a token says of itself: for display only, nobody has checked it."""

    kid: str
    algorithm: str
    claims: Claims


def issue(claims: Claims, private_key: SigningKey) -> str:
    """The signed license, or LicenseTooLarge or LicenseMalformed where verify would refuse it."""
    payload = claims.to_payload()
    Claims.from_payload(payload)  # dropped fractions of a second may have closed a gap
    token = _JWS.encode(
        json.dumps(payload, separators=(",", ":"), sort_keys=True).encode(),
        private_key,
        algorithm=algorithm_of(private_key),
        headers={"kid": key_id(private_key.public_key()), "typ": "JWT"},
    )
    if len(token) > MAX_BYTES:
        raise LicenseTooLarge
    return token


def verify(token: str, keyring: KeyRing) -> Claims:
    """The claims of a license with a trusted signature, or a LicenseError; time is not looked at.

    Whether the license holds at a moment, `state.evaluate` says.
    """
    header, _ = _read(token)
    key = _trusted_key(header, keyring)
    try:
        signed = _JWS.decode(token, key=key.key, algorithms=[key.algorithm])
    except jwt.InvalidSignatureError as error:
        raise BadSignature from error
    except jwt.PyJWTError as error:
        raise LicenseMalformed("token", "is not a signed token") from error
    return Claims.from_payload(_json("payload", signed))


def read_unverified(token: str) -> Unverified:
    """What the token says of itself, or a LicenseError: to show it, never to grant anything."""
    header, payload = _read(token)
    claims = Claims.from_payload(_json("payload", payload))
    return Unverified(kid=shown(header["kid"]), algorithm=header["alg"], claims=claims)


def _read(token: object) -> tuple[dict[str, str], bytes]:
    if not isinstance(token, str):
        raise LicenseMalformed("token", "must be a text")
    if len(token) > MAX_BYTES:
        raise LicenseTooLarge
    shape = _SHAPE.fullmatch(token)
    if shape is None:
        raise LicenseMalformed("token", "must be three base64url parts")
    header = _json("header", _decode("header", shape[1]))
    return _checked_header(header), _decode("payload", shape[2])


def _checked_header(header: object) -> dict[str, str]:
    if not isinstance(header, dict):
        raise LicenseMalformed("header", "must be an object")
    if unknown := sorted(header.keys() - _HEADER):
        raise LicenseMalformed(shown(unknown[0]), "is not allowed in the header")
    for name in sorted(_HEADER):
        if not isinstance(header.get(name), str):
            raise LicenseMalformed(name, "must be a text in the header")
    if header["typ"] != "JWT":
        raise LicenseMalformed("typ", "must be JWT")
    if header["alg"] not in _JWS.get_algorithms():
        raise AlgorithmRefused
    return header


def _trusted_key(header: dict[str, str], keyring: KeyRing) -> PublicKey:
    key = keyring.find(header["kid"])
    if key is None:
        raise UnknownKey
    if header["alg"] != key.algorithm:
        raise AlgorithmRefused
    return key


def _decode(field: str, part: str) -> bytes:
    if len(part) % 4 == 1:
        raise LicenseMalformed(field, "is not base64url")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _json(field: str, data: bytes) -> object:
    """JSON without the leniencies of the standard parser: no name twice, no NaN, UTF-8 only."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise LicenseMalformed(field, "is not JSON") from None  # the cause would carry the content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _no_constant(_: str) -> Never:
    raise ValueError("not a number")
