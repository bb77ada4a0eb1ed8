"""What can be done to a vulnerability. No request, no schema, no status code."""

from datetime import MAXYEAR, UTC, datetime
from uuid import UUID

from threatweaver.sdk import NotFound, Unprocessable, connection, publish
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.errors import NotAcceptable, NotAccepted
from threatweaver_exposure.events import AcceptancesExpired, AcceptanceWithdrawn, RiskAccepted
from threatweaver_exposure.vulnerabilities.models import Acceptance, State, Vulnerability


async def accept_risk(vulnerability_id: UUID, *, until: datetime, reason: str, by: UUID) -> None:
    """Accept the risk until a date. Raises NotFound, NotAcceptable, Unprocessable for an impossible date."""
    # the last year cannot be turned into every time zone
    if until <= datetime.now(UTC) or until.year >= MAXYEAR:
        raise Unprocessable(f"`until` must lie in the future, before the year {MAXYEAR}.")
    row = await _locked(vulnerability_id)
    if row.state == State.FIXED:
        raise NotAcceptable
    await Acceptance.update_or_create(
        defaults={"reason": reason, "until": until, "accepted_by": by}, vulnerability_id=vulnerability_id
    )
    if row.state != State.ACCEPTED:
        await _move(row, State.ACCEPTED, "accepted", by=by)
    await publish(RiskAccepted(vulnerability_id=vulnerability_id, until=until))


async def reopen(vulnerability_id: UUID, *, by: UUID) -> None:
    """Take an acceptance back. Raises NotFound, NotAccepted."""
    row = await _locked(vulnerability_id)
    if row.state != State.ACCEPTED:
        raise NotAccepted
    await Acceptance.filter(vulnerability_id=vulnerability_id).delete()
    await _move(row, State.REOPENED, "reopened", by=by)
    await publish(AcceptanceWithdrawn(vulnerability_id=vulnerability_id))


async def _locked(vulnerability_id: UUID) -> Vulnerability:
    await rollups.serialize()
    row = await Vulnerability.filter(id=vulnerability_id).select_for_update().first()
    if row is None:
        raise NotFound
    return row


async def reopen_expired() -> int:
    """Reopen what was accepted until a date that has passed; return how many. Safe to run twice."""
    await rollups.serialize()
    await rollups.changes_table()
    held = connection()
    done: str = await held.execute(
        """
        WITH expired AS (
            DELETE FROM exposure_acceptance x USING exposure_vulnerability v
            WHERE v.id = x.vulnerability_id AND v.state = 2 AND x.until <= now()
            RETURNING v.id
        ), moved AS (
            UPDATE exposure_vulnerability v SET state = 1 FROM expired WHERE v.id = expired.id
            RETURNING v.id, v.asset_id, v.severity, v.risk_score, v.first_seen
        )
        INSERT INTO vulnerability_change
        SELECT id, asset_id, severity, severity, risk_score, risk_score, 2, first_seen, 'reopened' FROM moved
        """
    )
    await rollups.apply_changes()
    count = int(done.rsplit(" ", 1)[-1])
    if count:
        await publish(AcceptancesExpired(count=count))
    return count


async def _move(row: Vulnerability, state: State, action: str, *, by: UUID) -> None:
    held = connection()
    await held.execute("UPDATE exposure_vulnerability SET state = $2 WHERE id = $1", row.id, state.value)
    await rollups.changes_table()
    await held.execute(
        "INSERT INTO vulnerability_change VALUES ($1, $2, $3, $3, $4, $4, $5, $6, $7)",
        row.id,
        row.asset_id,
        row.severity,
        row.risk_score,
        row.state,
        row.first_seen,
        action,
    )
    await rollups.apply_changes(actor_id=by)
