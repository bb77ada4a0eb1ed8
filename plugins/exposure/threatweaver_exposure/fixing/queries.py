"""Reads of where the risk is, and of what would be left without a definition."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.assets.queries import choosing
from threatweaver_exposure.backlog.queries import ACTIVE, CHOOSING, beside
from threatweaver_exposure.intelligence.effective import KEV

SHARERS: Mapping[str, tuple[str, str]] = {
    "definition": ("v.definition_id", "exposure_definition"),
    "asset": ("v.asset_id", "exposure_asset"),
}
"""What risk is shared out among: the column of a vulnerability, and where its name stands."""

Rows = Sequence[asyncpg.Record]

_SHOWN = f"""d.source, coalesce(d.check_id, d.plugin_id::text) AS "check", d.name, d.solution,
    coalesce({KEV}, false) AS kev"""
_PATCH_ORDER = "ORDER BY t.lowers DESC, t.closes DESC, t.definition_id"


async def top_risks(query: Mapping[str, Any]) -> Rows:
    """Return the sum of the risk scores of active vulnerabilities of all, and of those with the most.

    The row without an id is that of all.
    """
    column, names = SHARERS[query["by"]]
    where, values = ACTIVE.conditions(query)
    source, sums = ACTIVE.source, "count(*) AS active, sum(v.risk_score)::bigint AS risk"
    if query["by"] == "definition" and not CHOOSING & query.keys():
        source = "exposure_definition_rollup v"
        sums = "sum(v.total)::bigint AS active, sum(v.risk_sum)::bigint AS risk"
    rows: Rows = await connection().fetch(
        f"""WITH counted AS (
                SELECT {column} AS id, {sums} FROM {source} WHERE {where} GROUP BY 1
            ), top AS (
                SELECT c.id, c.active, c.risk FROM counted c WHERE c.risk > 0
                ORDER BY c.risk DESC, c.active DESC, c.id LIMIT ${len(values) + 1}
            )
            SELECT NULL AS id, NULL AS name, coalesce(sum(c.active), 0)::bigint AS active,
                   coalesce(sum(c.risk), 0)::bigint AS risk FROM counted c
            UNION ALL (
                SELECT t.id::text, n.name, t.active, t.risk FROM top t JOIN {names} n ON n.id = t.id
                ORDER BY t.risk DESC, t.active DESC, t.id)""",
        *values,
        query["limit"],
    )
    return rows


async def patches(query: Mapping[str, Any]) -> Rows:
    """Return the definitions without whose vulnerabilities the assets' risk scores would sum up to the least.

    What would be fixed is what the filters choose; of the rest of its assets everything stays. An asset's
    risk score is the highest of its vulnerabilities, so it falls to that of what stays.
    """
    return await (_patches_counted(query) if choosing(query) else _patches_kept(query))


async def _patches_kept(query: Mapping[str, Any]) -> Rows:
    """Say so from what assets and the rollup of definitions keep.

    Only where not all of a definition would be fixed, its rows say what of it stays where.
    """
    fixed, values = ACTIVE.conditions(query)
    closed = f"SELECT v.definition_id, count(*) AS closes FROM {ACTIVE.source} WHERE {fixed} GROUP BY 1"
    if not CHOOSING & query.keys():
        closed = f"""SELECT v.definition_id, sum(v.total)::bigint AS closes
                     FROM exposure_definition_rollup v WHERE {fixed} GROUP BY 1"""
    rows: Rows = await connection().fetch(
        f"""WITH closed AS ({closed}), known AS (
                SELECT c.definition_id, c.closes, c.closes < sum(r.total) AS stays
                FROM closed c JOIN exposure_definition_rollup r USING (definition_id)
                WHERE r.state <= 1 GROUP BY 1, 2
            ), lowered AS (
                SELECT n.definition_id,
                       sum(a.risk_score - greatest(a.second_score, k.score))::bigint AS lowers
                FROM exposure_asset a JOIN known n ON n.definition_id = a.top_definition_id,
                LATERAL (SELECT coalesce(max(v.risk_score), 0) AS score FROM exposure_vulnerability v
                         WHERE n.stays AND v.asset_id = a.id AND v.definition_id = n.definition_id
                           AND v.state <= 1 AND NOT ({fixed})) k
                GROUP BY 1
            ), top AS (
                SELECT n.definition_id, n.closes, coalesce(l.lowers, 0) AS lowers
                FROM known n LEFT JOIN lowered l USING (definition_id)
                ORDER BY 3 DESC, 2 DESC, 1 LIMIT ${len(values) + 1}
            )
            SELECT t.*, s.assets, {_SHOWN}
            FROM top t JOIN exposure_definition d ON d.id = t.definition_id,
            LATERAL (SELECT count(DISTINCT v.asset_id) AS assets FROM exposure_vulnerability v
                     WHERE v.definition_id = t.definition_id AND {fixed}) s
            {_PATCH_ORDER}""",
        *values,
        query["limit"],
    )
    return rows


async def _patches_counted(query: Mapping[str, Any]) -> Rows:
    assets = choosing(query)
    scope, values = ACTIVE.conditions(assets)
    rest = {name: query[name] for name in ("severity", "start_date", "end_date") if name in query}
    fixed, more = beside(ACTIVE, rest, values)
    rows: Rows = await connection().fetch(
        f"""WITH held AS (
                SELECT v.asset_id, v.definition_id, max(v.risk_score) AS score,
                       count(*) FILTER (WHERE {fixed}) AS closes,
                       coalesce(max(v.risk_score) FILTER (WHERE NOT ({fixed})), 0) AS kept
                FROM {ACTIVE.source} WHERE {scope} GROUP BY 1, 2
            ), ranked AS (
                SELECT h.*, row_number() OVER ranks AS place, max(score) OVER ranks AS worst,
                       coalesce(nth_value(score, 2) OVER ranks, 0) AS second
                FROM held h WINDOW ranks AS (
                    PARTITION BY asset_id ORDER BY score DESC, definition_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            ), effect AS (
                SELECT definition_id, sum(closes)::bigint AS closes, count(*) AS assets,
                       sum(worst - greatest(CASE place WHEN 1 THEN second ELSE worst END, kept))::bigint
                           AS lowers
                FROM ranked WHERE closes > 0 GROUP BY 1
            ), top AS (
                SELECT * FROM effect ORDER BY lowers DESC, closes DESC, definition_id LIMIT ${len(more) + 1}
            )
            SELECT t.*, {_SHOWN} FROM top t JOIN exposure_definition d ON d.id = t.definition_id
            {_PATCH_ORDER}""",
        *more,
        query["limit"],
    )
    return rows
