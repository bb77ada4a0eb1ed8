"""Reads of formulas and of what they make of vulnerabilities."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from threatweaver.sdk import Listing, connection, severity_name
from threatweaver_exposure.assets.queries import WITHIN
from threatweaver_exposure.risk import scoring
from threatweaver_exposure.risk.formula import DEFAULT

JOINED = """exposure_vulnerability v JOIN exposure_definition d ON d.id = v.definition_id
    JOIN exposure_asset a ON a.id = v.asset_id"""
CRITICAL_FROM = f"""coalesce((SELECT (f.formula->'bands'->>'critical')::int FROM exposure_risk_formula f
    ORDER BY f.version DESC LIMIT 1), {DEFAULT["bands"]["critical"]})"""
"""SQL for the score that the band CRITICAL begins with."""
VERSIONS = Listing(
    source="exposure_risk_formula f",
    columns={
        "version": "f.version",
        "formula": "f.formula::text",
        "reason": "f.reason",
        "createdBy": "f.created_by",
        "createdAt": "f.created_at",
    },
    id="f.version",
    sort={"version": "f.version"},
    default_sort="-version",
)


async def newest() -> asyncpg.Record | None:
    """Return the formula that was made last, with its version, and who made it when and why."""
    return await connection().fetchrow(
        """SELECT version, formula::text AS formula, reason, created_by, created_at
           FROM exposure_risk_formula ORDER BY version DESC LIMIT 1"""
    )


async def current() -> tuple[int, dict[str, Any]]:
    """Return the version of the formula that holds, and the formula; version 0 is the default."""
    row = await newest()
    return (0, dict(DEFAULT)) if row is None else (row["version"], orjson.loads(row["formula"]))


async def explained(
    formula: Mapping[str, Any], vulnerability_id: UUID, within: list[UUID] | None
) -> asyncpg.Record | None:
    """Return a vulnerability's stored score, what the formula makes of it, and what is known of each term."""
    columns = ", ".join(
        f'to_jsonb({term.known})::text AS "{term.name}_known", {term.value} AS "{term.name}_value"'
        for term in scoring.terms_of_rows(formula)
    )
    return await connection().fetchrow(
        f"""SELECT v.risk_score, {severity_name("v.severity")} AS severity,
                   {scoring.of_rows(formula)} AS score, {columns}
            FROM {JOINED}
            WHERE v.id = $1 AND ($2::uuid[] IS NULL OR {WITHIN.format(asset="v.asset_id", ids="$2")})""",
        vulnerability_id,
        within,
    )


async def bands(formula: Mapping[str, Any]) -> asyncpg.Record | None:
    """Count active vulnerabilities by band; one scan of the index that ranks them."""
    return await connection().fetchrow(
        f"SELECT {_counts(formula, 'risk_score')} FROM exposure_vulnerability WHERE state <= 1"
    )


async def simulated(
    formula: Mapping[str, Any], now: Mapping[str, Any], *, most: int
) -> asyncpg.Record | None:
    """Say what a formula would change in active vulnerabilities: by band, and the `most` that move most."""
    return await connection().fetchrow(
        f"""WITH scored AS MATERIALIZED (
                SELECT v.id, v.definition_id, v.asset_id, v.risk_score AS before,
                       {scoring.of_rows(formula)} AS after FROM {JOINED} WHERE v.state <= 1),
            mover AS (
                SELECT * FROM scored WHERE before <> after ORDER BY abs(after - before) DESC, id LIMIT $1)
            SELECT count(*) FILTER (WHERE after > before) AS raised,
                   count(*) FILTER (WHERE after < before) AS lowered,
                   (SELECT to_jsonb(b)::text FROM (SELECT {_counts(now, "before")} FROM scored) b)
                       AS before,
                   (SELECT to_jsonb(b)::text FROM (SELECT {_counts(formula, "after")} FROM scored) b)
                       AS after,
                   (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'name', d.name,
                            'assetName', a.name, 'before', m.before, 'after', m.after)
                            ORDER BY abs(m.after - m.before) DESC, m.id), '[]')::text
                    FROM mover m JOIN exposure_definition d ON d.id = m.definition_id
                    JOIN exposure_asset a ON a.id = m.asset_id) AS movers
            FROM scored""",
        most,
    )


def _counts(formula: Mapping[str, Any], column: str) -> str:
    """Return SQL that counts a column by the bands of a formula."""
    lower = 101
    parts = []
    for name in ("critical", "high", "medium"):
        least = int(formula["bands"][name])
        parts.append(f"count(*) FILTER (WHERE {column} >= {least} AND {column} < {lower}) AS {name}")
        lower = least
    parts.append(f"count(*) FILTER (WHERE {column} > 0 AND {column} < {lower}) AS low")
    parts.append(f"count(*) FILTER (WHERE {column} = 0) AS none")
    return ", ".join(parts)
