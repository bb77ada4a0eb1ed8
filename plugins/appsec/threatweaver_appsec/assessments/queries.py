"""Reads of assessments."""

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from threatweaver.sdk import Listing, Where, any_of, connection, eq, search, severity_name
from threatweaver_appsec.assessments.models import STATES

_OF = Where("assessment", None, "assessment_id = {}")
_NAME = fields.String(validate=validate.Length(1, 64))
LISTING = Listing(
    source="appsec_assessment a JOIN appsec_target t ON t.id = a.target_id",
    columns={
        "id": "a.id",
        "name": "a.name",
        "description": "a.description",
        "targetId": "a.target_id",
        "targetName": "t.name",
        "targetUrl": "t.base_url",
        "profile": "a.profile",
        "authProfileIds": "a.auth_profile_ids",
        "branch": "a.branch",
        "commit": "a.commit",
        "source": "a.source",
        "state": "a.state",
        "percent": "a.percent",
        "reason": "a.reason",
        "message": "a.message",
        "requests": "a.requests",
        "operations": "a.operations",
        "found": "a.found",
        "created": "a.created",
        "closed": "a.closed",
        "createdBy": "a.created_by",
        "createdAt": "a.created_at",
        "queuedAt": "a.queued_at",
        "startedAt": "a.started_at",
        "finishedAt": "a.finished_at",
    },
    id="a.id",
    where=(
        any_of("state", fields.String(validate=validate.OneOf(STATES)), column="a.state"),
        eq("target_id", fields.UUID(), column="a.target_id"),
        eq("source", fields.String(validate=validate.OneOf(("user", "ci", "schedule"))), column="a.source"),
        eq("branch", fields.String(validate=validate.Length(1, 200)), column="a.branch"),
        search("a.name", "t.name", "t.base_url"),
    ),
    sort={"createdAt": "a.created_at", "name": "a.name"},
    default_sort="-createdAt",
)
EVENTS = Listing(
    source="appsec_assessment_event",
    columns={"number": "number", "at": "at", "kind": "kind", "data": "data"},
    where=(_OF, any_of("kind", _NAME)),
    sort={"number": "number"},
    default_sort="number",
    objects=frozenset({"data"}),
)
COVERAGE = Listing(
    source="appsec_coverage",
    columns={name: name for name in ("id", "agent", "place", "tested", "reason")},
    where=(_OF, any_of("agent", _NAME), eq("tested", fields.Boolean()), search("place", "reason")),
    sort={"place": "place", "agent": "agent"},
    default_sort="place",
)
SITEMAP = Listing(
    source="appsec_operation",
    columns={name: name for name in ("id", "method", "url", "source", "page", "status", "writes")},
    where=(_OF, any_of("source", _NAME), any_of("method", _NAME), search("url")),
    sort={"url": "url"},
    default_sort="url",
)
REQUESTS = Listing(
    source="appsec_request",
    columns={
        name: name
        for name in (
            *("id", "number", "at", "method", "url", "status", "seconds", "bytes", "identity", "agent"),
            *("fault", "why"),
        )
    },
    where=(
        _OF,
        any_of("agent", _NAME),
        any_of("status", fields.Integer(validate=validate.Range(0, 999))),
        Where("failed", fields.Boolean(), "(fault <> '') = {}"),
        search("url"),
    ),
    sort={"number": "number"},
    default_sort="number",
)
CHAINS = Listing(
    source="appsec_chain",
    columns={
        "id": "id",
        "title": "title",
        "severity": severity_name("severity"),
        "story": "story",
        "findingIds": "finding_ids",
    },
    where=(_OF,),
    sort={"severity": "severity"},
    default_sort="-severity",
)


async def coverage_summary(assessment_id: UUID) -> dict[str, Any]:
    """Count what was tested, and what was not by why."""
    row = await connection().fetchrow(
        """SELECT count(*) FILTER (WHERE tested) AS tested, count(*) FILTER (WHERE NOT tested) AS "notTested",
                  count(DISTINCT agent) AS agents, count(DISTINCT place) AS places
           FROM appsec_coverage WHERE assessment_id = $1""",
        assessment_id,
    )
    why = await connection().fetch(
        """SELECT reason, count(*) AS n FROM appsec_coverage WHERE assessment_id = $1 AND NOT tested
           GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100""",
        assessment_id,
    )
    return {**dict(row), "reasons": {item["reason"]: item["n"] for item in why}}


async def comparison(here: UUID, there: UUID) -> dict[str, Any]:
    """Return which findings only one of two assessments saw, and how many both did."""
    rows = await connection().fetch(
        f"""SELECT f.id, f.title, {severity_name("f.severity")} AS severity, f.place, f.parameter,
                   bool_or(s.assessment_id = $1) AS here, bool_or(s.assessment_id = $2) AS there
            FROM appsec_sighting s JOIN appsec_finding f ON f.id = s.finding_id
            WHERE s.assessment_id IN ($1, $2)
            GROUP BY f.id ORDER BY f.severity DESC, f.id""",
        here,
        there,
    )
    shown = ("id", "title", "severity", "place", "parameter")
    plain = [({name: row[name] for name in shown}, row["here"], row["there"]) for row in rows]
    return {
        "onlyHere": [row for row, mine, theirs in plain if mine and not theirs],
        "onlyThere": [row for row, mine, theirs in plain if theirs and not mine],
        "inBoth": sum(1 for _, mine, theirs in plain if mine and theirs),
    }
