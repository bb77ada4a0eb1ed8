"""What can be done to a vulnerability. No request, no schema, no status code."""

from datetime import MAXYEAR, UTC, datetime
from uuid import UUID

from threatweaver.sdk import NotFound, Unprocessable, publish
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.errors import NotAcceptable, NotAccepted
from threatweaver_exposure.events import AcceptancesExpired, AcceptanceWithdrawn, RiskAccepted
from threatweaver_exposure.vulnerabilities import decisions
from threatweaver_exposure.vulnerabilities.models import State, Vulnerability

_EXPIRED = "(SELECT vulnerability_id FROM exposure_acceptance WHERE until <= now())"


async def accept_risk(
    vulnerability_id: UUID, *, until: datetime, reason: str, by: UUID, whole_flaw: bool = False
) -> None:
    """Accept the risk until a date, with `whole_flaw` that of all which are the same flaw and not fixed.

    Raises NotFound, NotAcceptable, Unprocessable for an impossible date.
    """
    check_until(until)
    row, others = await _locked(vulnerability_id, whole_flaw=whole_flaw)
    if row.state == State.FIXED:
        raise NotAcceptable
    ids = [row.id, *(other.id for other in others if other.state != State.FIXED)]
    await rollups.changes_table()
    await decisions.accept("unnest($4::uuid[])", ids, until=until, reason=reason, by=by)
    await rollups.apply_changes(actor_id=by)
    for each in ids:
        await publish(RiskAccepted(vulnerability_id=each, until=until))


def check_until(until: datetime) -> None:
    """Raise Unprocessable when a risk cannot be accepted until then."""
    # the last year cannot be turned into every time zone
    if until <= datetime.now(UTC) or until.year >= MAXYEAR:
        raise Unprocessable(f"`until` must lie in the future, before the year {MAXYEAR}.")


async def reopen(vulnerability_id: UUID, *, by: UUID, whole_flaw: bool = False) -> None:
    """Take an acceptance back, with `whole_flaw` those of the same flaw. Raises NotFound, NotAccepted."""
    row, others = await _locked(vulnerability_id, whole_flaw=whole_flaw)
    if row.state != State.ACCEPTED:
        raise NotAccepted
    ids = [row.id, *(other.id for other in others if other.state == State.ACCEPTED)]
    await rollups.changes_table()
    await decisions.reopen("unnest($1::uuid[])", ids)
    await rollups.apply_changes(actor_id=by)
    for each in ids:
        await publish(AcceptanceWithdrawn(vulnerability_id=each))


async def _locked(vulnerability_id: UUID, *, whole_flaw: bool) -> tuple[Vulnerability, list[Vulnerability]]:
    """Return a vulnerability and the others of its flaw, if they matter. Raises NotFound."""
    await rollups.serialize()
    row = await Vulnerability.filter(id=vulnerability_id).select_for_update().first()
    if row is None:
        raise NotFound
    if not whole_flaw or row.flaw is None:
        return row, []
    same = Vulnerability.filter(asset_id=row.asset_id, flaw=row.flaw).exclude(id=row.id)
    return row, await same.order_by("id").select_for_update()


async def reopen_expired() -> int:
    """Reopen what was accepted until a date that has passed; return how many. Safe to run twice."""
    await rollups.serialize()
    await rollups.changes_table()
    count = await decisions.reopen(_EXPIRED)
    await rollups.apply_changes()
    if count:
        await publish(AcceptancesExpired(count=count))
    return count
