"""What a license allows at a moment: a pure function of claims, time and revocations."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from threatweaver_licensing.claims import Claims


class State(StrEnum):
    """The state of the deployment's license."""

    ACTIVE = "ACTIVE"
    GRACE = "GRACE"
    LOCKED = "LOCKED"
    REVOKED = "REVOKED"
    UNLICENSED = "UNLICENSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The state, what it allows, and when it changes by itself."""

    state: State
    reason: str
    next_state: State | None = None
    next_change_at: datetime | None = None

    @property
    def can_recover(self) -> bool:
        """Whether importing another license is open to the customer."""
        return self.state is not State.REVOKED

    @property
    def writes_allowed(self) -> bool:
        """Whether module routes may change data."""
        return self.state is State.ACTIVE

    @property
    def reads_allowed(self) -> bool:
        """Whether module routes may show data."""
        return self.state in (State.ACTIVE, State.GRACE)


def evaluate(
    claims: Claims | None,
    *,
    now: datetime,
    revoked: Container[str] = frozenset(),
    fingerprint: str | None = None,
) -> Evaluation:
    """The state of a license at a moment; ValueError if the moment has no time zone."""
    if now.utcoffset() is None:
        raise ValueError("now must have a time zone")
    if claims is None:
        return Evaluation(state=State.UNLICENSED, reason="no license")
    if claims.jti in revoked:
        return Evaluation(state=State.REVOKED, reason="revoked")
    if claims.fingerprint is not None and claims.fingerprint != fingerprint:
        return Evaluation(state=State.LOCKED, reason="fingerprint mismatch")
    return _at(claims, now.astimezone(UTC))


def _at(claims: Claims, now: datetime) -> Evaluation:
    grace_end = claims.expires_at + timedelta(days=claims.grace_days)
    if claims.not_before is not None and now < claims.not_before:
        return Evaluation(
            state=State.LOCKED,
            reason="not yet valid",
            next_state=State.ACTIVE,
            next_change_at=claims.not_before,
        )
    if now < claims.expires_at:
        return Evaluation(
            state=State.ACTIVE,
            reason="valid",
            next_state=State.GRACE if claims.grace_days else State.LOCKED,
            next_change_at=claims.expires_at,
        )
    if now < grace_end:
        return Evaluation(
            state=State.GRACE,
            reason="expired, in the grace period",
            next_state=State.LOCKED,
            next_change_at=grace_end,
        )
    return Evaluation(state=State.LOCKED, reason="expired")
