"""What happened to the license, written down in a control scope."""

from datetime import datetime
from typing import Any
from uuid import UUID

from threatweaver.db.transaction import Database, connection
from threatweaver.license.current import CurrentLicense
from threatweaver.license.models import LicenseEvent, LicenseWatch

IMPORTED, REFUSED, REVOKED, STATE = "imported", "refused", "revocations_imported", "state_changed"
CLOCK = "clock_set_back"
KINDS = (IMPORTED, REFUSED, REVOKED, STATE, CLOCK)


async def note(kind: str, *, jti: str | None = None, actor_id: UUID | None = None, **details: Any) -> None:
    """Write an event down; it is announced to nobody."""
    await LicenseEvent.create(kind=kind, jti=jti, actor_id=actor_id, details=details)


async def watch(database: Database, license_: CurrentLicense, now: datetime) -> None:
    """Keep the latest time that was seen, and write down a change of state and a clock that went back.

    Called each minute by one worker.
    """
    found = license_.evaluation()
    async with database.control():
        before = await LicenseWatch.filter(id=1).select_for_update().first()
        if before is None:
            await LicenseWatch.create(id=1, latest_at=now, jti=license_.jti, state=found.state.value)
            return
        if (before.jti, before.state) != (license_.jti, found.state.value):
            await note(
                STATE, jti=license_.jti, before=before.state, after=found.state.value, reason=found.reason
            )
        if found.clock_set_back and now < before.latest_at:
            await _note_clock(before.latest_at, now)
        await LicenseWatch.filter(id=1).update(
            latest_at=max(now, before.latest_at), jti=license_.jti, state=found.state.value
        )


async def _note_clock(latest: datetime, now: datetime) -> None:
    """Write once for each time that was left behind, not once a minute."""
    known = "SELECT 1 FROM license_event WHERE kind = $1 AND details ->> 'latest' = $2"
    if not await connection().fetchval(known, CLOCK, latest.isoformat()):
        await note(CLOCK, latest=latest.isoformat(), now=now.isoformat())
