"""Deciding on many vulnerabilities at once, in one statement; as vulnerabilities/service.py does on one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from threatweaver.sdk import Unprocessable, ValidationFailed, connection, publish
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.dry_run import trial
from threatweaver_exposure.errors import CountDiffers
from threatweaver_exposure.events import AcceptancesWithdrawn, RisksAccepted
from threatweaver_exposure.filters import service as filters
from threatweaver_exposure.vulnerabilities import decisions
from threatweaver_exposure.vulnerabilities.models import State
from threatweaver_exposure.vulnerabilities.queries import LISTING
from threatweaver_exposure.vulnerabilities.service import check_until

ACCEPT, REOPEN = "accept-risk", "reopen"


async def of_ids(ids: Sequence[UUID], limits: Mapping[str, Any]) -> int:
    """Choose vulnerabilities: makes chosen(id). Raises Unprocessable when one of them is not there.

    `limits` are the groups and tags that the caller may see, as a filter of the list; here and below.
    """
    wanted = sorted(set(ids))
    where, values = LISTING.conditions({"state": [state.value for state in State], **limits})
    count = await _choose(f"{where} AND v.id = ANY(${len(values) + 1}::uuid[])", [*values, wanted])
    if count != len(wanted):
        raise Unprocessable("One of the vulnerabilities does not exist.")
    return count


async def of_filter(query: Mapping[str, str], limits: Mapping[str, Any], *, action: str) -> int:
    """Choose those of the list with these parameters: makes chosen(id). Raises ValidationFailed.

    Without `state` these are the active ones, as in the list; to reopen, those that are accepted.
    """
    loaded = {**filters.checked("vulnerabilities", query, field="filter"), **limits}
    if "as_of" in loaded:
        detail = {"field": "filter.asOf", "message": "The past cannot be changed."}
        raise ValidationFailed("Invalid request body", [detail])
    if action == REOPEN:
        loaded.setdefault("state", [State.ACCEPTED.value])
    return await _choose(*LISTING.conditions(loaded))


async def _choose(where: str, values: Sequence[Any]) -> int:
    await rollups.serialize()
    done: str = await connection().execute(
        f"CREATE TEMPORARY TABLE chosen ON COMMIT DROP AS SELECT v.id FROM {LISTING.source} WHERE {where}",
        *values,
    )
    return int(done.rsplit(" ", 1)[-1])


async def decide(
    matched: int, said: Mapping[str, Any], *, by: UUID, dry_run: bool = False, expected: int | None = None
) -> dict[str, Any]:
    """Apply `action`, with `until` and `reason`, to those of the chosen vulnerabilities that it applies to.

    Raises CountDiffers when other than the expected number is chosen, Unprocessable for an impossible date.
    A dry run takes everything back.
    """
    if expected is not None and matched != expected:
        raise CountDiffers(expected, matched)
    until: datetime | None = said.get("until")
    if until is not None:
        check_until(until)
    async with trial(dry_run=dry_run):
        await rollups.changes_table()
        if until is None:
            changed = await decisions.reopen("chosen")
        else:
            changed = await decisions.accept("chosen", until=until, reason=said["reason"], by=by)
        await rollups.apply_changes(actor_id=by)
    if changed and not dry_run:
        event = (
            AcceptancesWithdrawn(count=changed)
            if until is None
            else RisksAccepted(count=changed, until=until)
        )
        await publish(event)
    return {
        "dryRun": dry_run,
        "action": said["action"],
        "matched": matched,
        "changed": changed,
        "skipped": matched - changed,
    }
