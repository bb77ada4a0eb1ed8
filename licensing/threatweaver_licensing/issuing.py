"""What a renewal says: the old license's claims, issued anew with a later end."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from threatweaver_licensing.claims import Claims
from threatweaver_licensing.errors import LicenseMalformed


def renewed(claims: Claims, *, jti: str, now: datetime, expires_at: datetime, **changes: Any) -> Claims:
    """The claims of a renewal with an id of its own, in force from its import on."""
    if now < claims.issued_at:
        raise LicenseMalformed("iat", "would be earlier than that of the license to renew, and be refused")
    return replace(claims, jti=jti, issued_at=now, not_before=None, expires_at=expires_at, **changes)


def end_after(claims: Claims, *, now: datetime, days: int) -> datetime:
    """The end of a renewal by so many days: behind what is left, or from now on if nothing is."""
    return max(claims.expires_at, now) + timedelta(days=days)
