"""What can be done to a finding. No request, no schema, no status code."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from threatweaver.sdk import SEVERITIES, NotFound, Unprocessable, connection, publish, uuid7
from threatweaver_appsec.engine.agent import Telltale
from threatweaver_appsec.errors import FindingFixed, FindingNotAccepted
from threatweaver_appsec.events import AppsecRiskAccepted
from threatweaver_appsec.findings.models import (
    ACCEPTED,
    DUPLICATE,
    FALSE_POSITIVE,
    FIXED,
    OPEN,
    AppsecComment,
    AppsecEvidence,
    AppsecFinding,
    AppsecFindingEvent,
)
from threatweaver_appsec.targets.models import Target
from threatweaver_appsec.targets.service import standing_changed

_DECIDED = (ACCEPTED, FALSE_POSITIVE, DUPLICATE)


async def known(finding_id: UUID, *, lock: bool = False) -> AppsecFinding:
    """Return a finding. Raises NotFound."""
    query = AppsecFinding.filter(id=finding_id)
    found = await (query.select_for_update() if lock else query).first()
    if found is None:
        raise NotFound
    return found


async def create(*, by: UUID, target_id: UUID, **what: Any) -> AppsecFinding:
    """Record what a person found. Raises Unprocessable for an unknown target."""
    if not await Target.exists(id=target_id):
        raise Unprocessable("There is no such target.")
    now, made = datetime.now(UTC), uuid7()
    severity = SEVERITIES.index(what.pop("severity"))
    what["place"] = f"{what.get('method', 'GET')} {what['url']}" if what.get("url") else ""
    found = await AppsecFinding.create(
        id=made,
        target_id=target_id,
        fingerprint=hashlib.sha256(made.bytes).hexdigest()[:32],
        agent="manual",
        severity=severity,
        severity_found=severity,
        manual=True,
        first_seen=now,
        last_seen=now,
        **what,
    )
    await tell(found.id, "recorded", by=by, after=OPEN)
    await standing_changed([target_id])
    return found


async def update(finding_id: UUID, *, by: UUID, **changes: Any) -> AppsecFinding:
    """Change status, severity or title. Raises NotFound."""
    found = await known(finding_id, lock=True)
    if "severity" in changes:
        changes["severity"] = SEVERITIES.index(changes["severity"])
    for name, value in changes.items():
        before = getattr(found, name)
        if before == value:
            continue
        setattr(found, name, value)
        shown = [SEVERITIES[item] if name == "severity" else str(item) for item in (before, value)]
        await tell(finding_id, name, by=by, before=shown[0], after=shown[1])
    if "status" in changes:
        _undecide(found)
        found.fixed_at = (found.fixed_at or datetime.now(UTC)) if found.status == FIXED else None
    await found.save()
    await standing_changed([found.target_id])
    return found


async def accept_risk(finding_id: UUID, *, by: UUID, until: datetime, reason: str) -> AppsecFinding:
    """Accept the risk of a finding until a date. Raises NotFound, FindingFixed, Unprocessable."""
    if until <= datetime.now(UTC):
        raise Unprocessable("The date has to be in the future.")
    found = await known(finding_id, lock=True)
    if found.status == FIXED:
        raise FindingFixed
    before, found.status = found.status, ACCEPTED
    found.accepted_until, found.accepted_by, found.reason = until, by, reason
    await found.save()
    await tell(finding_id, "accepted", by=by, before=before, after=ACCEPTED)
    await publish(AppsecRiskAccepted(finding_id=finding_id, until=until))
    return found


async def call_false(finding_id: UUID, *, by: UUID, reason: str) -> AppsecFinding:
    """Say that a finding is none; it stays so when scans see it again. Raises NotFound."""
    found = await known(finding_id, lock=True)
    before, found.status = found.status, FALSE_POSITIVE
    found.reason, found.accepted_until, found.accepted_by = reason, None, None
    await found.save()
    await tell(finding_id, "false positive", by=by, before=before, after=FALSE_POSITIVE)
    await standing_changed([found.target_id])
    return found


async def reopen(finding_id: UUID, *, by: UUID) -> AppsecFinding:
    """Take back that a risk is accepted, a finding is none, or is another one.

    Raises NotFound, FindingNotAccepted.
    """
    found = await known(finding_id, lock=True)
    if found.status not in _DECIDED:
        raise FindingNotAccepted
    before, found.status = found.status, OPEN
    _undecide(found)
    await found.save()
    await tell(finding_id, "reopened", by=by, before=before, after=OPEN)
    await standing_changed([found.target_id])
    return found


async def check_assignee(assignee_id: UUID | None, *, by: UUID) -> None:
    """Look whether somebody works here: the caller, or who acted on findings, targets or assessments before.

    Raises Unprocessable: an id that nobody of the tenant has must not stay with a finding.
    """
    if assignee_id in {None, by}:
        return
    if not await connection().fetchval(
        """SELECT EXISTS (SELECT FROM appsec_finding_event WHERE actor_id = $1)
               OR EXISTS (SELECT FROM appsec_comment WHERE author_id = $1)
               OR EXISTS (SELECT FROM appsec_target WHERE created_by = $1)
               OR EXISTS (SELECT FROM appsec_assessment WHERE created_by = $1)""",
        assignee_id,
    ):
        raise Unprocessable("Nobody who has worked with findings here has this id.")


async def assign(finding_id: UUID, *, by: UUID, assignee_id: UUID | None) -> AppsecFinding:
    """Give a finding to somebody, or to nobody. Raises NotFound, Unprocessable."""
    await known(finding_id)
    await check_assignee(assignee_id, by=by)
    found = await known(finding_id, lock=True)
    before, found.assignee_id = found.assignee_id, assignee_id
    await found.save()
    shown = [str(item) if item else None for item in (before, assignee_id)]
    await tell(finding_id, "assigned", by=by, before=shown[0], after=shown[1])
    return found


async def mark_duplicate(finding_id: UUID, *, by: UUID, of: UUID) -> AppsecFinding:
    """Say that a finding is another one of the same target. Raises NotFound, Unprocessable."""
    found = await known(finding_id, lock=True)
    other = await AppsecFinding.get_or_none(id=of)
    if other is None or other.id == found.id or other.target_id != found.target_id:
        raise Unprocessable("There is no such other finding of this target.")
    if other.duplicate_of is not None:
        raise Unprocessable("The other one is a duplicate itself.")
    before, found.status, found.duplicate_of = found.status, DUPLICATE, other.id
    await found.save()
    await tell(finding_id, "duplicate", by=by, before=before, after=str(of))
    await standing_changed([found.target_id])
    return found


async def evidence(finding_id: UUID) -> dict[str, Any]:
    """Return what proves a finding. Raises NotFound."""
    found = await known(finding_id)
    proof = await AppsecEvidence.get_or_none(finding_id=finding_id)
    said: Mapping[str, Any] = proof.record if proof else {}
    return {
        "at": proof and proof.at,
        "assessmentId": proof and proof.assessment_id,
        "says": found.says,
        "excerpt": said.get("excerpt", ""),
        "shown": said.get("shown"),
        "of": said.get("of"),
        "identity": said.get("identity", ""),
        "har": said.get("har"),
        "curl": said.get("curl", ""),
        "telltale": said.get("telltale", Telltale.ANSWER),
    }


async def comment(finding_id: UUID, *, by: UUID, text: str) -> AppsecComment:
    """Add a comment. Raises NotFound."""
    await known(finding_id)
    return await AppsecComment.create(finding_id=finding_id, author_id=by, text=text)


async def own_comment(finding_id: UUID, comment_id: UUID, *, by: UUID) -> AppsecComment:
    """Return a comment of one's own on a finding. Raises NotFound."""
    found = await AppsecComment.get_or_none(id=comment_id, finding_id=finding_id, author_id=by)
    if found is None:
        raise NotFound
    return found


async def reopen_expired(now: datetime) -> int:
    """Reopen findings whose acceptance has run out; return how many."""
    rows = await connection().fetch(
        f"""WITH over AS (
                UPDATE appsec_finding SET status = '{OPEN}', accepted_until = NULL, accepted_by = NULL
                WHERE status = '{ACCEPTED}' AND accepted_until <= $1 RETURNING id
            ) INSERT INTO appsec_finding_event (id, finding_id, at, action, before, after)
            SELECT gen_random_uuid(), id, $1, 'acceptance expired', '{ACCEPTED}', '{OPEN}' FROM over
            RETURNING finding_id""",
        now,
    )
    return len(rows)


async def tell(
    finding_id: UUID, action: str, *, by: UUID | None, before: str | None = None, after: str | None = None
) -> None:
    """Add a line to a finding's history."""
    await AppsecFindingEvent.create(
        finding_id=finding_id, at=datetime.now(UTC), action=action, actor_id=by, before=before, after=after
    )


def _undecide(found: AppsecFinding) -> None:
    found.accepted_until = found.accepted_by = found.duplicate_of = None
    found.reason = ""
