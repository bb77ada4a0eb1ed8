"""A license as a signed JWT: issued with a private key, verified against the ring of trusted ones."""

from dataclasses import dataclass
from typing import Final

from threatweaver_licensing.claims import Claims
from threatweaver_licensing.errors import (
    AlgorithmRefused,
    BadSignature,
    LicenseMalformed,
    LicenseTooLarge,
    UnknownKey,
)
from threatweaver_licensing.keys import KeyRing, SigningKey
from threatweaver_licensing.signed import Kind, open_signed, open_unverified, sign

MAX_BYTES: Final = 16 * 1024

_LICENSE: Final = Kind(
    typ="JWT",
    max_bytes=MAX_BYTES,
    malformed=LicenseMalformed,
    too_large=LicenseTooLarge,
    unknown_key=UnknownKey,
    algorithm=AlgorithmRefused,
    signature=BadSignature,
)


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
    return sign(_LICENSE, payload, private_key)


def verify(token: str, keyring: KeyRing) -> Claims:
    """The claims of a license with a trusted signature, or a LicenseError; time is not looked at.

    Whether the license holds at a moment, `state.evaluate` says.
    """
    return Claims.from_payload(open_signed(_LICENSE, token, keyring))


def read_unverified(token: str) -> Unverified:
    """What the token says of itself, or a LicenseError: to show it, never to grant anything."""
    header, payload = open_unverified(_LICENSE, token)
    return Unverified(kid=header["kid"], algorithm=header["alg"], claims=Claims.from_payload(payload))
