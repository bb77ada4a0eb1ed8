"""Writes: one after the other, each in a transaction with its lines of the audit log, chained by hashes."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from threatweaver_licensing.manager.errors import ClockBehind
from threatweaver_licensing.manager.models import AuditLine, Ledger

GENESIS: Final = hashlib.sha256(b"threatweaver license manager audit log").hexdigest()
JITTER: Final = timedelta(minutes=1)
"""By so much the clocks of hosts that share a database may differ."""

_PAGE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who writes, in which request, from where."""

    name: str
    request_id: str = ""
    address: str = ""


@dataclass(slots=True, kw_only=True)
class Book:
    """An open write: its actor, its moment in whole seconds, and the end of the audit log."""

    actor: Actor
    now: datetime
    ledger: Ledger

    async def note(self, action: str, target: str, **details: Any) -> None:
        """Add a line to the audit log."""
        line = AuditLine(
            seq=self.ledger.audit_seq + 1,
            at=datetime.now(UTC).isoformat(timespec="microseconds"),
            actor=self.actor.name,
            action=action,
            target=target,
            details=details_text(details),
            request_id=self.actor.request_id,
            address=self.actor.address,
        )
        line.hash = link(self.ledger.audit_hash, line)
        await line.save(force_create=True)
        self.ledger.audit_seq, self.ledger.audit_hash = line.seq, line.hash


@asynccontextmanager
async def writing(actor: Actor) -> AsyncIterator[Book]:
    """Open a write: a transaction in which nobody else writes. Raises ClockBehind."""
    async with in_transaction():
        # An update takes the lock that both databases have; SELECT FOR UPDATE only one of them knows.
        await Ledger.filter(id=1).update(writes=F("writes") + 1)
        ledger = await Ledger.get(id=1)
        clock = datetime.now(UTC).replace(microsecond=0)
        if clock < ledger.at - JITTER:
            raise ClockBehind
        ledger.at = max(clock, ledger.at)  # what is issued later is never dated earlier
        yield Book(actor=actor, now=ledger.at, ledger=ledger)
        await ledger.save(update_fields=["at", "audit_seq", "audit_hash"])


async def start() -> None:
    """Open the books of an empty database; leave those of another alone."""
    await Ledger.get_or_create(
        id=1,
        defaults={
            "writes": 0,
            "at": datetime(2000, 1, 1, tzinfo=UTC),
            "audit_seq": 0,
            "audit_hash": GENESIS,
        },
    )


def details_text(details: Mapping[str, Any]) -> str:
    """A line's details in the form that its hash covers."""
    return json.dumps(details, sort_keys=True)


def link(previous: str, line: AuditLine) -> str:
    """The hash of a line behind the one with the hash `previous`."""
    content = [
        previous,
        line.seq,
        line.at,
        line.actor,
        line.action,
        line.target,
        line.details,
        line.request_id,
        line.address,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How far the audit log holds: its last good line, and what is wrong behind it."""

    seq: int
    hash: str
    problem: str | None = None


async def verify() -> Verdict:
    """Walk the whole audit log and compare it with its hashes and with the ledger."""
    ledger = await Ledger.get(id=1)  # first: lines may be added while we walk
    seq, known = 0, GENESIS
    while (
        lines := await AuditLine.filter(seq__gt=seq, seq__lte=ledger.audit_seq).order_by("seq").limit(_PAGE)
    ):
        for line in lines:
            if line.seq != seq + 1:
                return Verdict(seq=seq, hash=known, problem=f"line {seq + 1} is missing")
            if line.hash != link(known, line):
                return Verdict(seq=seq, hash=known, problem=f"line {line.seq} was changed")
            seq, known = line.seq, line.hash
    if (seq, known) != (ledger.audit_seq, ledger.audit_hash):
        return Verdict(seq=seq, hash=known, problem=f"the log should end with line {ledger.audit_seq}")
    return Verdict(seq=seq, hash=known)
