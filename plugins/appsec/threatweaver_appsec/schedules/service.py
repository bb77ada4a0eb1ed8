"""What can be done to schedules, and what is due. No request, no schema, no status code."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from croniter import croniter

from threatweaver.sdk import ApiError, NotFound
from threatweaver_appsec.assessments import service as assessments
from threatweaver_appsec.assessments.models import Assessment
from threatweaver_appsec.schedules.models import Schedule
from threatweaver_appsec.targets.allowed import AllowList


async def known(schedule_id: UUID) -> Schedule:
    """Return a schedule, locked. Raises NotFound."""
    found = await Schedule.filter(id=schedule_id).select_for_update().first()
    if found is None:
        raise NotFound
    return found


async def create(*, by: UUID, **what: Any) -> Schedule:
    """Add a schedule. Raises Unprocessable for what it names and is not there."""
    await assessments.check(what["target_id"], what["profile"], what.get("auth_profile_ids"))
    found = Schedule(created_by=by, **what)
    found.next_at = _next(found, datetime.now(UTC))
    await found.save()
    return found


async def update(schedule_id: UUID, **changes: Any) -> Schedule:
    """Change a schedule. Raises NotFound, Unprocessable."""
    found = await known(schedule_id)
    found.update_from_dict(changes)
    await assessments.check(found.target_id, found.profile, found.auth_profile_ids)
    found.next_at = _next(found, datetime.now(UTC))
    await found.save()
    return found


async def run(schedule_id: UUID, allow: AllowList) -> Assessment:
    """Launch an assessment now, as at its time. Raises NotFound, ScansStopped."""
    return await _launch(await known(schedule_id), allow, datetime.now(UTC))


async def launch_due(allow: AllowList, now: datetime) -> int:
    """Launch what is due, once however often it was missed; return how many."""
    due = await Schedule.filter(enabled=True, next_at__lte=now).select_for_update()
    for item in due:
        try:
            await _launch(item, allow, now)
        except ApiError:  # an emergency stop, or a profile that is gone: its next time comes
            item.next_at = _next(item, now)
            await item.save()
    return len(due)


async def _launch(item: Schedule, allow: AllowList, now: datetime) -> Assessment:
    made = await assessments.create(
        by=item.created_by,
        name=f"{item.name} {now:%Y-%m-%d %H:%M}",
        target_id=item.target_id,
        profile=item.profile,
        auth_profile_ids=item.auth_profile_ids,
        source="schedule",
    )
    made = await assessments.launch(made.id, allow)
    item.last_at, item.last_assessment_id, item.next_at = now, made.id, _next(item, now)
    await item.save()
    return made


def _next(item: Schedule, now: datetime) -> datetime | None:
    if not item.enabled:
        return None
    found: datetime = croniter(item.cron, now).get_next(datetime)
    return found
