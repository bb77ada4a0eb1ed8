"""Writing what an assessment found, set by set: the same fingerprint is the same row, with its history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from threatweaver.sdk import SEVERITIES, connection, publish
from threatweaver_appsec.engine.measured import precision_of
from threatweaver_appsec.events import AppsecFindingsClosed
from threatweaver_appsec.findings.models import ACTIVE, FIXED, OPEN
from threatweaver_appsec.stored import json_text

_COLUMNS = """fingerprint text, agent text, title text, severity smallint, confidence float8, cwe int,
    owasp text, method text, url text, place text, parameter text, says text, description text, remedy text,
    record jsonb"""
_GIVEN = "fingerprint, agent, title, cwe, owasp, method, url, place, parameter, says, description, remedy"
# What was accepted, or called false, stays so when it is seen again: that is the memory of decisions.
_WRITE = f"""
WITH given AS MATERIALIZED (
    SELECT DISTINCT ON (fingerprint) * FROM jsonb_to_recordset($1::jsonb) AS g ({_COLUMNS})
    ORDER BY fingerprint
), before AS MATERIALIZED (
    SELECT f.id, f.fingerprint, f.status, f.severity FROM appsec_finding f JOIN given USING (fingerprint)
    WHERE f.target_id = $2
), written AS (
    INSERT INTO appsec_finding AS f (id, target_id, severity, severity_found, confidence, status, {_GIVEN},
        reason, first_assessment_id, last_assessment_id, times_seen, first_seen, last_seen, created_at,
        updated_at)
    SELECT gen_random_uuid(), $2, severity, severity, confidence, '{OPEN}', {_GIVEN},
        '', $3, $3, 1, $4, $4, now(), now() FROM given
    ON CONFLICT (target_id, fingerprint) DO UPDATE SET
        title = EXCLUDED.title, severity_found = EXCLUDED.severity_found, url = EXCLUDED.url,
        severity = CASE WHEN f.severity = f.severity_found THEN EXCLUDED.severity ELSE f.severity END,
        confidence = EXCLUDED.confidence, says = EXCLUDED.says, description = EXCLUDED.description,
        remedy = EXCLUDED.remedy, cwe = EXCLUDED.cwe, owasp = EXCLUDED.owasp,
        status = CASE WHEN f.status = '{FIXED}' THEN '{OPEN}' ELSE f.status END,
        fixed_at = NULL,
        times_seen = f.times_seen + CASE WHEN f.last_assessment_id IS DISTINCT FROM $3 THEN 1 ELSE 0 END,
        last_assessment_id = $3, last_seen = $4, updated_at = now()
    RETURNING f.id, f.fingerprint
), proven AS (
    INSERT INTO appsec_evidence (finding_id, assessment_id, record, at)
    SELECT w.id, $3, g.record, $4 FROM written w JOIN given g USING (fingerprint) WHERE g.record IS NOT NULL
    ON CONFLICT (finding_id) DO UPDATE
    SET assessment_id = EXCLUDED.assessment_id, record = EXCLUDED.record, at = EXCLUDED.at
), seen AS (
    INSERT INTO appsec_sighting (id, finding_id, assessment_id, created, at)
    SELECT gen_random_uuid(), w.id, $3, b.id IS NULL, $4
    FROM written w LEFT JOIN before b ON b.id = w.id WHERE $3::uuid IS NOT NULL
    ON CONFLICT (finding_id, assessment_id) DO NOTHING
), told AS (
    INSERT INTO appsec_finding_event (id, finding_id, at, action, assessment_id, before, after)
    SELECT gen_random_uuid(), w.id, $4, CASE WHEN b.id IS NULL THEN 'found' ELSE 'reopened' END, $3,
        b.status, '{OPEN}'
    FROM written w LEFT JOIN before b ON b.id = w.id WHERE b.id IS NULL OR b.status = '{FIXED}'
)
SELECT w.id, w.fingerprint, b.id IS NULL AS created, b.status IS NOT DISTINCT FROM '{FIXED}' AS reopened
FROM written w LEFT JOIN before b ON b.id = w.id"""
_CLOSE = f"""
WITH gone AS MATERIALIZED (
    SELECT f.id, f.status FROM appsec_finding f
    WHERE f.target_id = $1 AND NOT f.manual AND f.status = ANY($2)
      AND NOT EXISTS (SELECT FROM appsec_sighting s WHERE s.finding_id = f.id AND s.assessment_id = $3)
      AND EXISTS (SELECT FROM appsec_coverage c WHERE c.assessment_id = $3 AND c.tested AND c.agent = f.agent)
      AND EXISTS (SELECT FROM appsec_coverage c WHERE c.assessment_id = $3 AND c.tested AND c.place = f.place)
      AND NOT EXISTS (SELECT FROM appsec_coverage c WHERE c.assessment_id = $3 AND NOT c.tested
                      AND c.place = f.place)
    FOR UPDATE OF f
), closed AS (
    UPDATE appsec_finding f SET status = '{FIXED}', fixed_at = $4, updated_at = now()
    FROM gone WHERE f.id = gone.id
), told AS (
    INSERT INTO appsec_finding_event (id, finding_id, at, action, assessment_id, before, after)
    SELECT gen_random_uuid(), id, $4, 'not seen any more', $3, status, '{FIXED}' FROM gone
)
SELECT id FROM gone"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of the findings that were given."""

    ids: tuple[UUID, ...]
    created: tuple[UUID, ...]
    reopened: tuple[UUID, ...]


def row_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a finding as the engine writes it down (engine/findings.py, `to_record`)."""
    point = record.get("point")
    return {
        **{name: record[name] for name in ("fingerprint", "agent", "cwe", "owasp", "says")},
        "title": _clean(record["title"])[:300],
        "severity": SEVERITIES.index(str(record["severity"])),
        "confidence": precision_of(record["agent"]),
        "method": record["method"][:20],
        "url": _clean(record["url"]),
        "place": f"{record['method']} {_clean(record['template'])}",
        "parameter": _clean(point["name"])[:300] if point else "",
        "description": record["description"],
        "remedy": record["remedy"],
        "record": record,
    }


async def write(
    rows: Iterable[Mapping[str, Any]], *, target_id: UUID, assessment_id: UUID | None, at: Any
) -> Recorded:
    """Write findings of one target, each once; those that were there are seen again, or reopened."""
    # One writer a target: what was there before is then what the statement sees.
    await connection().execute("SELECT FROM appsec_target WHERE id = $1 FOR UPDATE", target_id)
    found = await connection().fetch(_WRITE, json_text([*rows]), target_id, assessment_id, at)
    return Recorded(
        ids=tuple(row["id"] for row in found),
        created=tuple(row["id"] for row in found if row["created"]),
        reopened=tuple(row["id"] for row in found if row["reopened"]),
    )


async def close_absent(*, target_id: UUID, assessment_id: UUID, at: Any) -> int:
    """Close findings that were not seen, where their agent ran to its end and their place was there."""
    gone = await connection().fetch(_CLOSE, target_id, list(ACTIVE), assessment_id, at)
    if gone:
        await publish(AppsecFindingsClosed(target_id=target_id, finding_ids=tuple(row["id"] for row in gone)))
    return len(gone)


def _clean(text: str) -> str:
    return text.replace("\x00", "")
