"""Keeping scores: whoever changes what a score is made of calls this in the same transaction."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from threatweaver.sdk import NotFound, connection
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.risk import queries, scoring
from threatweaver_exposure.risk.formula import DEFAULT, INPUTS, band
from threatweaver_exposure.risk.models import RiskFormula

_MOVERS = 20
_AGED = "SELECT day FROM exposure_risk_aged"


async def rescore(condition: str, *values: Any, formula: Mapping[str, Any] | None = None) -> int:
    """Score the vulnerabilities anew of which a condition on v, d and a holds; return how many moved.

    The caller has serialized and has the table vulnerability_change, to which those that moved are added.
    """
    if formula is None:
        _, formula = await queries.current()
    done: str = await connection().execute(
        f"""
        WITH scored AS (
            SELECT v.id, v.risk_score AS old_score, {scoring.of_rows(formula)} AS score
            FROM {queries.JOINED} WHERE {condition}
        ), rescored AS (
            UPDATE exposure_vulnerability v SET risk_score = s.score FROM scored s
            WHERE v.id = s.id AND v.risk_score <> s.score
            RETURNING v.id, v.asset_id, v.definition_id, v.severity, v.risk_score, s.old_score, v.state,
                      v.first_seen
        )
        INSERT INTO vulnerability_change (id, asset_id, definition_id, severity, old_severity, risk_score,
                                          old_risk_score, old_state, first_seen, action)
        SELECT id, asset_id, definition_id, severity, severity, risk_score, old_score, state, first_seen,
               'rescored'
        FROM rescored
        """,
        *values,
    )
    return int(done.rsplit(" ", 1)[-1])


async def recalculate(*, by: UUID | None) -> int:
    """Rank every vulnerability anew by the formula that holds; return how many moved."""
    await rollups.serialize()
    await rollups.changes_table()
    count = await rescore("true")
    await rollups.apply_changes(actor_id=by)
    return count


async def grow_older() -> int:
    """Rank anew what has come to another step of age since this ran last; return how many moved.

    What is fixed does not grow older. The first time every vulnerability is looked at.
    """
    today, held = datetime.now(UTC).date(), connection()
    if await held.fetchval(_AGED) == today:
        return 0
    await rollups.serialize()
    last: date | None = await held.fetchval(_AGED)
    _, formula = await queries.current()
    starts = [int(step["from_day"]) for step in formula["age_steps"] if step["from_day"] > 0]
    await rollups.changes_table()
    if last is None:
        count = await rescore("true", formula=formula)
    else:
        crossed = [
            last + timedelta(days=number - start)
            for number in range(1, (today - last).days + 1)
            for start in starts
        ]
        condition = "v.state <> 3 AND (v.first_seen AT TIME ZONE 'UTC')::date = ANY($1::date[])"
        count = await rescore(condition, crossed, formula=formula)
    await rollups.apply_changes()
    await held.execute(
        """INSERT INTO exposure_risk_aged (id, day) VALUES (1, $1)
           ON CONFLICT (id) DO UPDATE SET day = EXCLUDED.day""",
        today,
    )
    return count


async def formula() -> dict[str, Any]:
    """Return the formula that holds with its version, and who made it when: nobody, for the default."""
    row = await queries.newest()
    if row is None:
        return {"version": 0, "reason": "", "createdBy": None, "createdAt": None, **wire(DEFAULT)}
    return {
        "version": row["version"],
        "reason": row["reason"],
        "createdBy": row["created_by"],
        "createdAt": row["created_at"],
        **wire(orjson.loads(row["formula"])),
    }


async def set_formula(found: Mapping[str, Any], *, reason: str, by: UUID) -> int:
    """Store a new version of the formula, which holds from now on; return its number."""
    made = await RiskFormula.create(formula=dict(found), reason=reason, created_by=by)
    return made.version


async def simulate(found: Mapping[str, Any]) -> dict[str, Any]:
    """Say what a formula would do to active vulnerabilities; nothing is changed."""
    _, now = await queries.current()
    row = await queries.simulated(found, now, most=_MOVERS)
    if row is None:
        raise LookupError
    return {
        "raised": row["raised"],
        "lowered": row["lowered"],
        "before": orjson.loads(row["before"]),
        "after": orjson.loads(row["after"]),
        "movers": orjson.loads(row["movers"]),
    }


async def explain(vulnerability_id: UUID, within: list[UUID] | None) -> dict[str, Any]:
    """Return how a vulnerability's score comes about, term by term. Raises NotFound."""
    version, found = await queries.current()
    row = await queries.explained(found, vulnerability_id, within)
    if row is None:
        raise NotFound
    terms = scoring.terms_of_rows(found)
    known = {term.name: row[f"{term.name}_value"] for term in terms}
    total = sum(term.weight for term in terms if known[term.name] is not None)
    informational = row["severity"] == "INFO"
    return {
        "vulnerabilityId": vulnerability_id,
        "score": row["risk_score"],
        "band": band(found, row["risk_score"]),
        "computed": row["score"],
        "version": version,
        "informational": informational,
        "missing": [name for name in INPUTS if known[name] is None],
        "terms": [
            {
                "name": term.name,
                "weight": term.weight,
                "effectiveWeight": round(100 * term.weight / total, 2) if total else 0.0,
                "input": orjson.loads(row[f"{term.name}_known"]),
                "value": round(known[term.name], 2),
                "points": 0.0 if informational else round(term.weight * known[term.name] / (total or 1), 2),
            }
            for term in terms
            if known[term.name] is not None
        ],
    }


async def bands() -> dict[str, Any]:
    """Return how many active vulnerabilities each band has, and from which score it begins."""
    version, found = await queries.current()
    row = await queries.bands(found)
    counts = dict(row) if row else {}
    least = {**found["bands"], "low": 1, "none": 0}
    return {
        "version": version,
        "bands": [
            {"band": name.upper(), "from": least[name], "vulnerabilities": counts[name]} for name in least
        ],
    }


def wire(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a formula as the API has it."""
    return {
        "weights": found["weights"],
        "ageSteps": [{"fromDay": step["from_day"], "factor": step["factor"]} for step in found["age_steps"]],
        "exposurePoints": found["exposure_points"],
        "bands": found["bands"],
    }
