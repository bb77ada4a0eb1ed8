"""Codes of six digits, one each 30 seconds; the steps before and after the current one are taken too."""

import hmac
import time

import pyotp

_STEP = 30  # seconds
_DRIFT = (0, -1, 1)


def new_secret() -> str:
    """Return 160 random bits in base32."""
    return pyotp.random_base32()


def uri(secret: str, *, account: str, issuer: str) -> str:
    """Return the otpauth URI that authenticator apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def counter_of(secret: str, code: str) -> int | None:
    """Return the time step of a good code, None for a bad one."""
    generator, now = pyotp.HOTP(secret), int(time.time()) // _STEP
    good = [now + drift for drift in _DRIFT if hmac.compare_digest(generator.at(now + drift), code)]
    return good[0] if good else None
