"""Which vulnerabilities are one flaw: conditions and columns for lists, and what a recipe would change."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection, severity_name
from threatweaver_exposure.history.queries import STATE_NAME

SAID = """coalesce({0}.check_id, '') || ' ' || array_to_string({0}."references", ' ')"""
"""SQL for the text in which a definition names advisories."""
ADVISORY_IDS = "((?:GHSA|RUSTSEC|PYSEC|GO|MAL)-[0-9a-z-]+)"
"""What advisories are named like, as a regular expression."""
# Of a flaw the first by this stands for all: active before accepted before fixed, the one seen first.
_RANK = "(CASE WHEN {0}.state <= 1 THEN 0 ELSE {0}.state END, {0}.first_seen, {0}.id)"
_SAME = "o.asset_id = v.asset_id AND o.flaw = v.flaw AND o.id <> v.id"
SAME_AS = f"""CASE WHEN v.flaw IS NULL THEN '{{}}'::uuid[] ELSE ARRAY(
    SELECT o.id FROM exposure_vulnerability o WHERE {_SAME} ORDER BY {_RANK.format("o")}) END"""
"""SQL for the ids of the others that are one flaw with v."""
ONCE = f"""(NOT {{}} OR v.flaw IS NULL OR NOT EXISTS (
    SELECT 1 FROM exposure_vulnerability o WHERE {_SAME} AND {_RANK.format("o")} < {_RANK.format("v")}))"""
"""Condition for those that stand for their flaw; {} says whether it matters."""


async def active() -> asyncpg.Record | None:
    """Return the recipe that was applied last, with by whom and when; None before the first."""
    return await connection().fetchrow(
        """SELECT recipe, groups, applied_by, applied_at FROM exposure_identity_recipe
           ORDER BY id DESC LIMIT 1"""
    )


async def advisories() -> Sequence[asyncpg.Record]:
    """Return the definitions that may say which advisory is which CVE, the oldest first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT source, coalesce(check_id, '') AS "check", "references", cves FROM exposure_definition d
           WHERE cardinality(cves) = 1 AND {SAID.format("d")} ~ '{ADVISORY_IDS}'
           ORDER BY id"""
    )
    return rows


async def published(definitions: Sequence[int] | None = None) -> list[tuple[str, str]]:
    """Return which two ids are one flaw as advisories say, of those that definitions (None: all) lead to.

    An advisory names its CVE itself, or another advisory that does: nobody is followed further.
    """
    rows = await connection().fetch(
        f"""
        WITH named AS MATERIALIZED (
            SELECT DISTINCT m[1] AS id FROM exposure_definition d,
                 regexp_matches({SAID.format("d")}, '\\y{ADVISORY_IDS}\\y', 'g') AS m
            WHERE $1::bigint[] IS NULL OR d.id = ANY($1)
        ), near AS (
            SELECT id FROM named
            UNION SELECT a.alias FROM exposure_alias a JOIN named n ON n.id = a.advisory
            UNION SELECT a.advisory FROM exposure_alias a JOIN named n ON n.id = a.alias
        )
        SELECT a.advisory, a.alias FROM exposure_alias a JOIN near n ON n.id = a.advisory
        UNION SELECT a.advisory, a.alias FROM exposure_alias a JOIN named n ON n.id = a.alias
        ORDER BY 1, 2
        """,
        definitions,
    )
    return [(row["advisory"], row["alias"]) for row in rows]


async def same_as(vulnerability_id: UUID) -> Sequence[asyncpg.Record]:
    """Return the others of a vulnerability's flaw, the one that stands for it first, itself left out."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT o.id, d.source, coalesce(d.check_id, d.plugin_id::text) AS "check", d.name,
                   {severity_name("o.severity")} AS severity, {STATE_NAME.format(state="o.state")} AS state,
                   o.last_seen AS "lastSeen",
                   {_RANK.format("o")} < {_RANK.format("v")} AS "standsBefore"
            FROM exposure_vulnerability v JOIN exposure_vulnerability o ON {_SAME}
            JOIN exposure_definition d ON d.id = o.definition_id
            WHERE v.id = $1 ORDER BY {_RANK.format("o")} LIMIT 200""",
        vulnerability_id,
    )
    return rows


async def difference() -> dict[str, int]:
    """Compare flaw_now (id, flaw, kind) with what is: groups there would be, and who joins or leaves one."""
    row = await connection().fetchrow(
        """
        WITH sized AS (
            SELECT v.flaw AS old, n.flaw AS new,
                   count(v.flaw) OVER (PARTITION BY v.asset_id, v.flaw) AS old_size,
                   count(n.flaw) OVER (PARTITION BY v.asset_id, n.flaw) AS new_size,
                   row_number() OVER (PARTITION BY v.asset_id, n.flaw) AS place
            FROM exposure_vulnerability v LEFT JOIN flaw_now n USING (id)
            WHERE v.flaw IS NOT NULL OR n.flaw IS NOT NULL
        )
        SELECT count(*) FILTER (WHERE new_size > 1 AND place = 1) AS groups,
               count(*) FILTER (WHERE new_size > 1) AS vulnerabilities,
               count(*) FILTER (WHERE new_size > 1 AND NOT (old_size > 1)) AS joined,
               count(*) FILTER (WHERE old_size > 1 AND NOT (new_size > 1)) AS split
        FROM sized
        """
    )
    return dict(row) if row else {}


async def groups(*, most: int) -> list[dict[str, Any]]:
    """Return the groups that flaw_now makes, the worst first, with their members."""
    rows = await connection().fetch(
        f"""
        WITH first AS (
            SELECT v.asset_id, n.flaw, min(n.kind) AS kind, max(v.severity) AS worst, count(*) AS size
            FROM flaw_now n JOIN exposure_vulnerability v USING (id)
            WHERE n.flaw IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1
            ORDER BY worst DESC, size DESC, v.asset_id, n.flaw LIMIT $1
        )
        SELECT f.asset_id::text AS asset_id, f.flaw, f.kind, f.size, f.worst, a.name AS asset_name,
               m.id::text AS id, d.source, coalesce(d.check_id, d.plugin_id::text) AS "check", d.name,
               {severity_name("m.severity")} AS severity, {STATE_NAME.format(state="m.state")} AS state
        FROM first f JOIN exposure_asset a ON a.id = f.asset_id JOIN LATERAL (
            SELECT v.* FROM exposure_vulnerability v JOIN flaw_now n USING (id)
            WHERE v.asset_id = f.asset_id AND n.flaw = f.flaw ORDER BY {_RANK.format("v")} LIMIT 20
        ) m ON true JOIN exposure_definition d ON d.id = m.definition_id
        ORDER BY f.worst DESC, f.size DESC, f.asset_id, f.flaw, {_RANK.format("m")}
        """,
        most,
    )
    found: dict[tuple[str, UUID], dict[str, Any]] = {}
    for row in rows:
        group = found.setdefault(
            (row["asset_id"], row["flaw"]),
            {
                "assetId": row["asset_id"],
                "assetName": row["asset_name"],
                "kind": row["kind"],
                "size": row["size"],
                "members": [],
            },
        )
        group["members"].append(
            {name: row[name] for name in ("id", "source", "check", "name", "severity", "state")}
        )
    return list(found.values())
