"""Writing down what a scan tells, some of it at a time, each time in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from threatweaver.sdk import SEVERITIES, connection
from threatweaver_appsec.engine.budget import Entry
from threatweaver_appsec.engine.chains import Chain
from threatweaver_appsec.engine.checkpoint import Memory
from threatweaver_appsec.engine.events import AssessmentComplete, ChainDiscovered, Event, FindingNew
from threatweaver_appsec.engine.findings import Finding, to_record
from threatweaver_appsec.engine.places import template
from threatweaver_appsec.engine.redact import redact
from threatweaver_appsec.findings import recording
from threatweaver_appsec.stored import json_text

_KEPT_REQUESTS = 100_000  # lines of the log that are kept of one scan
_BATCH = 200
_EVENTS = """INSERT INTO appsec_assessment_event (id, assessment_id, number, at, kind, data)
    SELECT gen_random_uuid(), $1, $2 + n, now(), kind, data::jsonb
    FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS g (kind, data, n)"""
_REQUESTS = """INSERT INTO appsec_request
    (id, assessment_id, number, at, method, url, status, seconds, bytes, identity, agent, fault, why)
    SELECT gen_random_uuid(), $1, $2 + n, to_timestamp(at), left(method, 20), url, status, seconds, bytes,
        left(identity, 100), left(agent, 64), left(fault, 32), left(why, 300)
    FROM jsonb_to_recordset($3::jsonb)
        AS g (n int, at float8, method text, url text, status int, seconds float8, bytes bigint,
              identity text, agent text, fault text, why text)"""


@dataclass
class Notes:
    """What was told and is not written yet."""

    events: list[Event] = field(default_factory=list)
    requests: list[Entry] = field(default_factory=list)
    last_event: int = 0
    last_request: int = 0

    async def begin(self, assessment_id: UUID) -> None:
        """Go on behind what an earlier run of the scan wrote."""
        row = await connection().fetchrow(
            """SELECT (SELECT coalesce(max(number), 0) FROM appsec_assessment_event
                       WHERE assessment_id = $1) AS e,
                      (SELECT coalesce(max(number), 0) FROM appsec_request WHERE assessment_id = $1) AS r""",
            assessment_id,
        )
        self.last_event, self.last_request = row["e"], row["r"]

    async def write(self, assessment_id: UUID, target_id: UUID) -> None:
        """Write all of it."""
        events, self.events = self.events, []
        requests, self.requests = self.requests, []
        if events:
            kinds, data = [event.kind for event in events], [json_text(told(event)) for event in events]
            await connection().execute(_EVENTS, assessment_id, self.last_event, kinds, data)
            self.last_event += len(events)
            found = [event.finding for event in events if isinstance(event, FindingNew)]
            await keep_findings(found, assessment_id, target_id)
        requests = requests[: max(0, _KEPT_REQUESTS - self.last_request)]
        if requests:
            rows = json_text([{"n": n, **asdict(entry)} for n, entry in enumerate(requests, 1)])
            await connection().execute(_REQUESTS, assessment_id, self.last_request, rows)
            self.last_request += len(requests)


def told(event: Event) -> dict[str, Any]:
    """Return an event as its stream tells it: short, for what is long has a resource of its own."""
    if isinstance(event, FindingNew):
        found = event.finding
        names = ("fingerprint", "agent", "title", "severity", "place")
        return {name: getattr(found, name) for name in names}
    if isinstance(event, ChainDiscovered):
        return asdict(event.chain)
    said = asdict(event)
    if isinstance(event, AssessmentComplete):
        said.pop("coverage")
    return said


async def keep_findings(found: Sequence[Finding], assessment_id: UUID, target_id: UUID) -> recording.Recorded:
    """Write findings, some at a time; those that are written already change nothing."""
    ids: list[UUID] = []
    created: list[UUID] = []
    reopened: list[UUID] = []
    for start in range(0, len(found), _BATCH):
        rows = [recording.row_of(to_record(one)) for one in found[start : start + _BATCH]]
        made = await recording.write(
            rows, target_id=target_id, assessment_id=assessment_id, at=datetime.now(UTC)
        )
        ids += made.ids
        created += made.created
        reopened += made.reopened
    return recording.Recorded(tuple(ids), tuple(created), tuple(reopened))


async def keep_chains(chains: Iterable[Chain], assessment_id: UUID, target_id: UUID) -> None:
    """Write chains with the findings that they are made of."""
    for chain in chains:  # a dozen at most: one for each rule
        await connection().execute(
            """INSERT INTO appsec_chain (id, assessment_id, title, severity, story, finding_ids)
               SELECT gen_random_uuid(), $1, $2, $3, $4, coalesce(array_agg(id), '{}') FROM appsec_finding
               WHERE target_id = $5 AND fingerprint = ANY($6)""",
            assessment_id,
            chain.title,
            SEVERITIES.index(chain.severity.value),
            chain.story,
            target_id,
            list(chain.findings),
        )


async def keep_coverage(manifest: dict[str, Any], memory: Memory, assessment_id: UUID) -> None:
    """Write what was tested, what not and why, and the sitemap."""
    operations = [
        {
            "method": operation.request.method,
            "url": redact(operation.request.url),
            "source": operation.source,
            "page": redact(operation.page),
            "status": operation.baseline.status,
            "writes": operation.writes,
            "place": f"{operation.request.method} {template(operation)}",
        }
        for operation in memory.operations.values()
    ]
    rows = [
        {"agent": "", "place": place, "tested": True, "reason": ""}
        for place in {o["place"]: 0 for o in operations}
    ]
    rows += [_of_agent(one) for one in manifest["agents"]]
    rows += [_left_out(one) for one in manifest["not_tested"]]
    await connection().execute(
        """INSERT INTO appsec_operation (id, assessment_id, method, url, source, page, status, writes)
           SELECT gen_random_uuid(), $1, left(method, 20), url, left(source, 16), page, status, writes
           FROM jsonb_to_recordset($2::jsonb)
               AS g (method text, url text, source text, page text, status int, writes boolean)""",
        assessment_id,
        json_text(operations),
    )
    await connection().execute(
        """INSERT INTO appsec_coverage (id, assessment_id, agent, place, tested, reason)
           SELECT gen_random_uuid(), $1, left(agent, 64), place, tested, left(reason, 300)
           FROM jsonb_to_recordset($2::jsonb) AS g (agent text, place text, tested boolean, reason text)""",
        assessment_id,
        json_text(rows),
    )


def _of_agent(said: dict[str, Any]) -> dict[str, Any]:
    through = said["state"] == "complete"
    reason = "" if through else said["error"] or said["state"]
    return {"agent": said["agent"], "place": "", "tested": through, "reason": reason}


def _left_out(said: dict[str, Any]) -> dict[str, Any]:
    what = said["what"]
    agent = what.removeprefix("agent ") if what.startswith("agent ") else ""
    return {"agent": agent, "place": "" if agent else what, "tested": False, "reason": said["why"]}
