"""Reads for pipelines."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from marshmallow import fields, validate

from threatweaver.sdk import Listing, any_of, connection, eq, search, severity_name
from threatweaver_appsec.assessments.models import CANCELLED, COMPLETED, FAILED, INCONCLUSIVE, OVER, STATES

# A pipeline that knows completed and failed only must never take doubt for an end that is well.
STATUS = (
    f"CASE WHEN a.state IN ('{FAILED}', '{CANCELLED}', '{INCONCLUSIVE}') THEN '{FAILED}' ELSE a.state END"
)
SCANS = Listing(
    source="appsec_assessment a JOIN appsec_target t ON t.id = a.target_id",
    columns={
        "scanId": "a.id",
        "status": STATUS,
        "state": "a.state",
        "percent": "a.percent",
        "reason": "a.reason",
        "message": "a.message",
        "targetUrl": "t.base_url",
        "branch": "a.branch",
        "commit": "a.commit",
        "createdAt": "a.created_at",
        "finishedAt": "a.finished_at",
    },
    id="a.id",
    always="a.source = 'ci'",
    where=(
        any_of("state", fields.String(validate=validate.OneOf(STATES)), column="a.state"),
        eq("branch", fields.String(validate=validate.Length(1, 200)), column="a.branch"),
        search("t.base_url", "a.branch", "a.commit"),
    ),
    sort={"createdAt": "a.created_at"},
    default_sort="-createdAt",
)
POLICIES = Listing(
    source="appsec_gate_policy",
    columns={
        "id": "id",
        "name": "name",
        "description": "description",
        "failOn": severity_name("fail_on"),
        "onlyNew": "only_new",
        "most": "most",
        "leastCoverage": "least_coverage",
        "isDefault": "is_default",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    },
    where=(search("name", "description"),),
    sort={"name": "name", "createdAt": "created_at"},
    default_sort="name",
)


async def baseline_of(target_id: UUID, scan_id: UUID) -> UUID | None:
    """Return what new findings of a scan are told by: the target's baseline, or its completed scan before."""
    found: UUID | None = await connection().fetchval(
        f"""SELECT coalesce(
                (SELECT assessment_id FROM appsec_baseline WHERE target_id = $1),
                (SELECT b.id FROM appsec_assessment b JOIN appsec_assessment a ON a.id = $2
                 WHERE b.target_id = $1 AND b.id <> a.id AND b.state = '{COMPLETED}'
                   AND b.finished_at < coalesce(a.queued_at, a.created_at)
                 ORDER BY b.finished_at DESC LIMIT 1))""",
        target_id,
        scan_id,
    )
    return found


async def findings_of(scan_id: UUID, baseline: UUID | None) -> Sequence[asyncpg.Record]:
    """Return what a scan saw, each with whether the baseline did not."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT f.id, f.fingerprint, f.title, {severity_name("f.severity")} AS severity, f.status,
                   f.suppressed, NOT EXISTS (SELECT FROM appsec_sighting b
                               WHERE b.finding_id = f.id AND b.assessment_id = $2) AS new,
                   f.agent, f.cwe, f.owasp, f.place, f.parameter, f.url, f.severity AS level
            FROM appsec_sighting s JOIN appsec_finding f ON f.id = s.finding_id
            WHERE s.assessment_id = $1 ORDER BY f.severity DESC, f.place, f.id""",
        scan_id,
        baseline,
    )
    return rows


async def coverage(scan_id: UUID) -> int:
    """Return which share of the agents that a scan chose ran to their end, in percent."""
    found: int | None = await connection().fetchval(
        """SELECT 100 * count(*) FILTER (WHERE tested) / nullif(count(*), 0) FROM appsec_coverage
           WHERE assessment_id = $1 AND agent <> '' AND place = ''
             AND (tested OR reason = 'not finished' OR reason NOT LIKE 'not %')""",
        scan_id,
    )
    return found or 0


def is_over(state: str) -> bool:
    """Say whether a scan is over."""
    return state in OVER
