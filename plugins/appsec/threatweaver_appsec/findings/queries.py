"""Reads of findings."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from marshmallow import fields, validate

from threatweaver.sdk import (
    SEVERITIES,
    Listing,
    SeverityField,
    Where,
    any_of,
    connection,
    eq,
    search,
    severity_name,
)
from threatweaver_appsec.findings.models import STATUSES

COLUMNS = {
    "id": "f.id",
    "targetId": "f.target_id",
    "targetName": "t.name",
    "fingerprint": "f.fingerprint",
    "agent": "f.agent",
    "title": "f.title",
    "severity": severity_name("f.severity"),
    "confidence": "f.confidence",
    "status": "f.status",
    "suppressed": "f.suppressed",
    "manual": "f.manual",
    "cwe": "f.cwe",
    "owasp": "f.owasp",
    "method": "f.method",
    "url": "f.url",
    "place": "f.place",
    "parameter": "f.parameter",
    "assigneeId": "f.assignee_id",
    "acceptedUntil": "f.accepted_until",
    "duplicateOf": "f.duplicate_of",
    "lastAssessmentId": "f.last_assessment_id",
    "timesSeen": "f.times_seen",
    "firstSeen": "f.first_seen",
    "lastSeen": "f.last_seen",
    "fixedAt": "f.fixed_at",
}
_DETAIL = {
    **COLUMNS,
    "severityFound": severity_name("f.severity_found"),
    "says": "f.says",
    "description": "f.description",
    "remedy": "f.remedy",
    "reason": "f.reason",
    "acceptedBy": "f.accepted_by",
    "firstAssessmentId": "f.first_assessment_id",
}
_WORD = fields.String(validate=validate.Length(1, 64))
_WHERE = (
    any_of("severity", SeverityField(), column="f.severity"),
    any_of("status", fields.String(validate=validate.OneOf(STATUSES)), column="f.status"),
    any_of("agent", _WORD, column="f.agent"),
    any_of("owasp", _WORD, column="f.owasp"),
    any_of("cwe", fields.Integer(validate=validate.Range(1, 100_000)), column="f.cwe"),
    eq("target_id", fields.UUID(), column="f.target_id"),
    eq("assignee_id", fields.UUID(), column="f.assignee_id"),
    eq("suppressed", fields.Boolean(), column="f.suppressed"),
    eq("manual", fields.Boolean(), column="f.manual"),
    Where(
        "assessment_id",
        fields.UUID(),
        "EXISTS (SELECT FROM appsec_sighting s WHERE s.finding_id = f.id AND s.assessment_id = {})",
    ),
    Where("seen_since", fields.AwareDateTime(), "f.last_seen >= {}"),
    search("f.title", "f.url", "f.parameter"),
)
_SORT = {
    "severity": "f.severity",
    "firstSeen": "f.first_seen",
    "lastSeen": "f.last_seen",
    "title": "f.title",
    "status": "f.status",
}
_SOURCE = "appsec_finding f JOIN appsec_target t ON t.id = f.target_id"
LISTING = Listing(
    source=_SOURCE, columns=COLUMNS, id="f.id", where=_WHERE, sort=_SORT, default_sort="-severity"
)
DETAIL = Listing(source=_SOURCE, columns=_DETAIL, id="f.id", sort=_SORT, default_sort="-severity")
COMMENTS = Listing(
    source="appsec_comment",
    columns={
        "id": "id",
        "authorId": "author_id",
        "text": "text",
        "createdAt": "created_at",
        "updatedAt": "updated_at",
    },
    where=(Where("finding", None, "finding_id = {}"),),
    sort={"createdAt": "created_at"},
    default_sort="createdAt",
)
EVENTS = Listing(
    source="appsec_finding_event",
    columns={
        "id": "id",
        "at": "at",
        "action": "action",
        "actorId": "actor_id",
        "assessmentId": "assessment_id",
        "before": "before",
        "after": "after",
    },
    where=(Where("finding", None, "finding_id = {}"),),
    sort={"at": "at"},
    default_sort="-at",
)


async def stats(query: Mapping[str, Any]) -> dict[str, Any]:
    """Count what a filter matches, by severity and by status."""
    where, values = LISTING.conditions(query)
    found = await connection().fetch(
        f"SELECT f.severity, f.status, count(*) AS n FROM {_SOURCE} WHERE {where} GROUP BY 1, 2", *values
    )
    severities, statuses = dict.fromkeys(reversed(SEVERITIES), 0), dict.fromkeys(STATUSES, 0)
    for row in found:
        severities[SEVERITIES[row["severity"]]] += row["n"]
        statuses[row["status"]] += row["n"]
    return {"total": sum(statuses.values()), "bySeverity": severities, "byStatus": statuses}


async def alike(finding_id: UUID) -> Sequence[asyncpg.Record]:
    """Return findings that look like the same flaw: of one target, agent and parameter, or said to be one."""
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in COLUMNS.items())
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT {columns} FROM {_SOURCE} JOIN appsec_finding o ON o.id = $1
            WHERE f.id <> o.id AND (f.duplicate_of = o.id OR f.id = o.duplicate_of OR (
                f.target_id = o.target_id AND f.agent = o.agent AND f.agent <> 'manual'
                AND f.title = o.title AND f.parameter = o.parameter))
            ORDER BY f.first_seen, f.id LIMIT 200""",
        finding_id,
    )
    return rows
