"""Reads of formulas and of what they make of vulnerabilities."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from threatweaver.sdk import Listing, connection
from threatweaver_exposure.assets.queries import WITHIN
from threatweaver_exposure.risk import scoring
from threatweaver_exposure.risk.formula import DEFAULT
from threatweaver_exposure.severity import sql_name

JOINED = """exposure_vulnerability v JOIN exposure_definition d ON d.id = v.definition_id
    JOIN exposure_asset a ON a.id = v.asset_id"""
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


async def current() -> tuple[int, dict[str, Any]]:
    """Return the version of the formula that holds, and the formula; version 0 is the default."""
    row = await connection().fetchrow(
        "SELECT version, formula::text AS formula FROM exposure_risk_formula ORDER BY version DESC LIMIT 1"
    )
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
        f"""SELECT v.risk_score, {sql_name("v.severity")} AS severity,
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


async def simulated(formula: Mapping[str, Any], now: Mapping[str, Any]) -> asyncpg.Record | None:
    """Say what a formula would change in active vulnerabilities, counted by band before and after."""
    return await connection().fetchrow(
        f"""WITH scored AS MATERIALIZED (
                SELECT v.risk_score AS before, {scoring.of_rows(formula)} AS after FROM {JOINED}
                WHERE v.state <= 1)
            SELECT count(*) FILTER (WHERE after > before) AS raised,
                   count(*) FILTER (WHERE after < before) AS lowered,
                   (SELECT to_jsonb(b)::text FROM (SELECT {_counts(now, "before")} FROM scored) b) AS before,
                   (SELECT to_jsonb(b)::text FROM (SELECT {_counts(formula, "after")} FROM scored) b) AS after
            FROM scored"""
    )


async def moved(formula: Mapping[str, Any], *, most: int) -> Sequence[asyncpg.Record]:
    """Return the active vulnerabilities whose score a formula would change most."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT id::text AS id, name, "assetName", before, after FROM (
                SELECT v.id, d.name, a.name AS "assetName", v.risk_score AS before,
                       {scoring.of_rows(formula)} AS after
                FROM {JOINED} WHERE v.state <= 1) s
            WHERE before <> after ORDER BY abs(after - before) DESC, id LIMIT $1""",
        most,
    )
    return rows


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
