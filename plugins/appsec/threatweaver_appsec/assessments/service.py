"""What people do with assessments. No request, no schema, no status code."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from threatweaver.sdk import NotFound, Unprocessable, connection, publish
from threatweaver_appsec.assessments.models import (
    CANCELLED,
    DRAFT,
    INCONCLUSIVE,
    OVER,
    PAUSED,
    QUEUED,
    Assessment,
)
from threatweaver_appsec.auth_profiles.models import AuthProfile
from threatweaver_appsec.emergency.models import EmergencyStop
from threatweaver_appsec.errors import AssessmentRunning, ScansStopped
from threatweaver_appsec.events import AppsecAssessmentEnded, AppsecAssessmentQueued
from threatweaver_appsec.scan_profiles.models import ScanProfile
from threatweaver_appsec.targets import service as targets
from threatweaver_appsec.targets.allowed import AllowList
from threatweaver_appsec.targets.models import Target

NOT_VERIFIED = "TARGET_NOT_VERIFIED"

_TRACES = ("event", "checkpoint", "coverage")


async def known(assessment_id: UUID, *, lock: bool = False) -> Assessment:
    """Return an assessment. Raises NotFound."""
    query = Assessment.filter(id=assessment_id)
    found = await (query.select_for_update() if lock else query).first()
    if found is None:
        raise NotFound
    return found


async def compared_with(assessment_id: UUID, other: UUID | None) -> UUID:
    """Return with which one an assessment is compared. Raises NotFound, Unprocessable where there is none."""
    found = await known(assessment_id)
    if other is not None:
        if not await Assessment.exists(id=other):
            raise Unprocessable("There is no such other assessment.")
        return other
    earlier = Assessment.filter(target_id=found.target_id, created_at__lt=found.created_at)
    before = await earlier.order_by("-created_at").first()
    if before is None:
        raise Unprocessable("The target has no assessment before this one: name one as `with`.")
    return before.id


async def create(*, by: UUID | None, **what: Any) -> Assessment:
    """Add an assessment that waits for its launch. Raises Unprocessable for what is not there."""
    await check(what["target_id"], what.get("profile"), what.get("auth_profile_ids"))
    return await Assessment.create(created_by=by, **what)


async def update(assessment_id: UUID, **changes: Any) -> Assessment:
    """Change an assessment that is not running. Raises NotFound, AssessmentRunning, Unprocessable."""
    found = await _idle(assessment_id)
    await check(found.target_id, changes.get("profile"), changes.get("auth_profile_ids"))
    await found.update_from_dict(changes).save()
    return found


async def delete(assessment_id: UUID) -> None:
    """Delete an assessment with its traces; findings stay. Raises NotFound, AssessmentRunning."""
    await (await _idle(assessment_id)).delete()


async def launch(assessment_id: UUID, allow: AllowList) -> Assessment:
    """Put an assessment into the queue, anew; where the target is not proven, it is inconclusive at once.

    Raises NotFound, AssessmentRunning, ScansStopped, Unprocessable.
    """
    found = await _idle(assessment_id)
    if await EmergencyStop.exists():
        raise ScansStopped
    profile = await ScanProfile.get_or_none(name=found.profile)
    if profile is None:
        raise Unprocessable(f"There is no scan profile {found.profile}.")
    await forget(assessment_id)
    found.options = profile.options()
    found.state, found.queued_at = QUEUED, datetime.now(UTC)
    found.percent, found.reason, found.message = 0.0, None, None
    found.stop_requested = found.pause_requested = False
    found.requests = found.operations = found.found = found.created = found.closed = 0
    found.started_at = found.finished_at = found.touched_at = None
    target = await Target.get(id=found.target_id)
    if not targets.may_be_scanned(target, allow):
        await end(found, INCONCLUSIVE, NOT_VERIFIED, "Nobody proved that the target may be scanned.")
        return found
    await found.save()
    await publish(AppsecAssessmentQueued(assessment_id=found.id))
    return found


async def end(found: Assessment, state: str, reason: str | None = None, message: str | None = None) -> None:
    """Write down that an assessment is over, and tell whoever listens."""
    found.state, found.reason, found.message = state, reason, message and message[:500]
    found.finished_at = found.touched_at = datetime.now(UTC)
    await found.save()
    await connection().execute("DELETE FROM appsec_checkpoint WHERE assessment_id = $1", found.id)
    await publish(AppsecAssessmentEnded(assessment_id=found.id, state=state))


async def forget(assessment_id: UUID) -> None:
    """Delete what an earlier run of the assessment left, sightings included."""
    for table in (*_TRACES, "operation", "request", "chain", "sighting"):
        name = "appsec_assessment_event" if table == "event" else f"appsec_{table}"
        await connection().execute(f"DELETE FROM {name} WHERE assessment_id = $1", assessment_id)


async def stop(assessment_id: UUID) -> Assessment:
    """Ask an assessment to stop; one that does not run is left alone. Raises NotFound."""
    found = await known(assessment_id, lock=True)
    if found.state in {DRAFT, *OVER}:
        return found
    found.stop_requested = True
    if found.state in {QUEUED, PAUSED}:
        found.state, found.finished_at = CANCELLED, datetime.now(UTC)
        found.reason, found.message = "STOPPED", "Somebody stopped it before it began."
    await found.save()
    return found


async def pause(assessment_id: UUID) -> Assessment:
    """Ask an assessment to pause; one that does not run is left alone. Raises NotFound."""
    found = await known(assessment_id, lock=True)
    if found.state in {DRAFT, PAUSED, *OVER}:
        return found
    found.pause_requested = True
    if found.state == QUEUED:
        found.state = PAUSED
    await found.save()
    return found


async def resume(assessment_id: UUID) -> Assessment:
    """Let a paused assessment go on; another is left alone. Raises NotFound, ScansStopped."""
    found = await known(assessment_id, lock=True)
    if found.state != PAUSED:
        return found
    if await EmergencyStop.exists():
        raise ScansStopped
    found.state, found.pause_requested = QUEUED, False
    await found.save()
    await publish(AppsecAssessmentQueued(assessment_id=found.id))
    return found


async def clone(assessment_id: UUID, *, by: UUID) -> Assessment:
    """Add an assessment like another one. Raises NotFound."""
    found = await known(assessment_id)
    names = ("description", "target_id", "profile", "auth_profile_ids", "branch", "commit", "policy_id")
    said = {name: getattr(found, name) for name in names}
    return await Assessment.create(name=f"Copy of {found.name}"[:200], created_by=by, **said)


async def check(target_id: UUID, profile: str | None, identities: Sequence[UUID] | None) -> None:
    """Look whether what an assessment names is there, its logins for its target. Raises Unprocessable."""
    if not await Target.exists(id=target_id):
        raise Unprocessable("There is no such target.")
    if profile is not None and not await ScanProfile.exists(name=profile):
        raise Unprocessable(f"There is no scan profile {profile}.")
    if identities and await AuthProfile.filter(id__in=identities, target_id=target_id).count() != len(
        set(identities)
    ):
        raise Unprocessable("One of the authentication profiles does not exist for this target.")


async def _idle(assessment_id: UUID) -> Assessment:
    found = await known(assessment_id, lock=True)
    if found.state not in {DRAFT, *OVER}:
        raise AssessmentRunning
    return found
