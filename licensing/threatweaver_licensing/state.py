"""What a license allows at a moment: a pure function of claims, clock, revocations and seats."""

from collections.abc import Container
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from threatweaver_licensing.claims import Claims

LADDER: Final = (30, 14, 7, 1)
"""So many days ahead of a change for the worse it is announced."""

JITTER: Final = timedelta(minutes=1)
"""A clock that is behind by no more is not set back: hosts that share a database differ by as much."""

PATIENCE: Final = timedelta(hours=24)
"""So long a clock may be set back before the latest time that was seen is believed instead."""


class State(StrEnum):
    """The state of the deployment's license."""

    ACTIVE = "ACTIVE"
    GRACE = "GRACE"
    LOCKED = "LOCKED"
    REVOKED = "REVOKED"
    UNLICENSED = "UNLICENSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """How many users there are, and how many the license pays for. Too many lock nothing."""

    used: int
    licensed: int

    @property
    def exceeded(self) -> bool:
        """Whether there are more users than seats."""
        return self.used > self.licensed

    @property
    def may_add(self) -> bool:
        """Whether one more user may be added."""
        return self.used < self.licensed


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The state, what it allows, and when it changes by itself."""

    state: State
    reason: str
    next_state: State | None = None
    next_change_at: datetime | None = None
    seats: Seats | None = None
    clock_behind: timedelta = timedelta(0)
    judged_at: datetime | None = field(default=None, compare=False)

    @property
    def can_recover(self) -> bool:
        """Whether any license that holds ends this state; out of REVOKED only the vendor can help."""
        return self.state is not State.REVOKED

    @property
    def writes_allowed(self) -> bool:
        """Whether module routes may change data."""
        return self.state is State.ACTIVE

    @property
    def reads_allowed(self) -> bool:
        """Whether module routes may show data."""
        return self.state in (State.ACTIVE, State.GRACE)

    @property
    def clock_set_back(self) -> bool:
        """Whether the clock shows an earlier time than it did before; `clock_behind` says by how much."""
        return self.clock_behind > timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A change for the worse that is near: the step of the ladder that is due, what comes, and when."""

    days: int
    state: State
    at: datetime


def evaluate(  # noqa: PLR0913 - what a state depends on
    claims: Claims | None,
    *,
    now: datetime,
    revoked: Container[str] = frozenset(),
    fingerprint: str | None = None,
    seats_used: int | None = None,
    high_water: datetime | None = None,
    behind_for: timedelta = timedelta(0),
) -> Evaluation:
    """The state of a license at a moment; ValueError if a moment has no time zone.

    `high_water` is the latest time this deployment has seen. A clock behind it is reported and nothing else,
    until it has been behind for longer than PATIENCE, as the caller measured with a clock that cannot be set;
    from then on `high_water` is believed.
    """
    now = _utc("now", now)
    behind = timedelta(0) if high_water is None else _utc("high_water", high_water) - now
    if behind <= JITTER:
        behind = timedelta(0)
    judged_at = now + behind if behind_for > PATIENCE else now
    return replace(
        _judge(claims, judged_at, revoked, fingerprint),
        seats=None if claims is None or seats_used is None else Seats(used=seats_used, licensed=claims.seats),
        clock_behind=behind,
        judged_at=judged_at,
    )


def on(
    claims: Claims | None,
    when: date,
    *,
    revoked: Container[str] = frozenset(),
    fingerprint: str | None = None,
) -> Evaluation:
    """What happens on a date: the state at its first moment in UTC, or at the moment if it is one."""
    moment = when if isinstance(when, datetime) else datetime.combine(when, time(), UTC)
    return evaluate(claims, now=moment, revoked=revoked, fingerprint=fingerprint)


def announce(evaluation: Evaluation) -> Announcement | None:
    """The announcement that is due at the moment an evaluation was made for; None when there is none.

    It is the latest step of LADDER that the time left has come down to. Who sends it keeps which ones
    (by license, state and days) were sent.
    """
    at, state, now = evaluation.next_change_at, evaluation.next_state, evaluation.judged_at
    if at is None or state is None or now is None or state is State.ACTIVE:
        return None
    due = [days for days in LADDER if at - now <= timedelta(days=days)]
    return Announcement(days=min(due), state=state, at=at) if due else None


def _utc(name: str, moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{name} must have a time zone")
    return moment.astimezone(UTC)


def _judge(
    claims: Claims | None, now: datetime, revoked: Container[str], fingerprint: str | None
) -> Evaluation:
    if claims is None:
        return Evaluation(state=State.UNLICENSED, reason="no license")
    if claims.jti in revoked:
        return Evaluation(state=State.REVOKED, reason="revoked")
    if claims.fingerprint is not None and claims.fingerprint != fingerprint:
        return Evaluation(state=State.LOCKED, reason="fingerprint mismatch")
    return _at(claims, now)


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
