"""Access tokens: HS256 JWTs with the documented claims."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import jwt

from threatweaver.http.errors import TokenExpired, TokenInvalid

PREFIX = "tw_"  # of API tokens, so that secret scanners know them
_ALGORITHM = "HS256"
_REQUIRED = ["exp", "iat", "userId", "tenantId", "sid"]
_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What a verified access token says."""

    user_id: UUID
    tenant_id: UUID
    session_id: UUID
    expires_at: datetime


def issue(key: bytes, claims: dict[str, Any], *, now: datetime, lifetime: float) -> str:
    """Return a signed access token that lives `lifetime` seconds."""
    issued = int(now.timestamp())
    return jwt.encode({**claims, "iat": issued, "exp": issued + int(lifetime)}, key, algorithm=_ALGORITHM)


def verify(key: bytes, token: str) -> AccessClaims:
    """Check signature, algorithm and expiry. Raises TokenExpired, TokenInvalid."""
    if len(token) > _MAX_LENGTH:
        raise TokenInvalid
    try:
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM], options={"require": _REQUIRED})
        return AccessClaims(
            user_id=UUID(claims["userId"]),
            tenant_id=UUID(claims["tenantId"]),
            session_id=UUID(claims["sid"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except jwt.ExpiredSignatureError:
        raise TokenExpired from None
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        raise TokenInvalid from None


def new_refresh(key: bytes, session_id: UUID) -> str:
    """Return a refresh token `<session>.<256 random bits>.<mac>`.

    The MAC says that the token was once ours, so that any older one of a family is known for a replay.
    """
    return _signed(key, new_for(session_id))


def next_refresh(key: bytes, token: str) -> str:
    """Return the refresh token that takes another's place: the same whoever asks with it."""
    return _signed(key, f"{token.partition('.')[0]}.{_mac(key, f'next {token}')}")


def new_for(row_id: UUID) -> str:
    """Return a token `<id>.<256 random bits>` of a row that keeps its digest."""
    return f"{row_id.hex}.{new_secret()}"


def new_secret() -> str:
    """Return 256 random bits, for what is known again by its digest."""
    return secrets.token_urlsafe(32)


def new_device(key: bytes) -> str:
    """Return what a browser is known by from its first sign-in on: `<128 random bits>.<mac>`."""
    return _signed(key, secrets.token_hex(16))


def id_of(token: str) -> UUID | None:
    """Return the id that a token begins with, None when it has none."""
    try:
        return UUID(hex=token.partition(".")[0])
    except ValueError:
        return None


def is_ours(key: bytes, token: str) -> bool:
    """Say whether we signed this refresh token or device, ever."""
    body, _, mac = token.rpartition(".")
    return hmac.compare_digest(_mac(key, body).encode(), mac.encode("utf-8", "surrogateescape"))


def _signed(key: bytes, body: str) -> str:
    return f"{body}.{_mac(key, body)}"


def _mac(key: bytes, body: str) -> str:
    return hmac.new(key, body.encode("utf-8", "surrogateescape"), sha256).hexdigest()


def digest(token: str) -> bytes:
    """Return what is stored of a token that we issue: its SHA-256, enough for a random secret."""
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
