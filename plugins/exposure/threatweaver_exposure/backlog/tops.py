"""Reads of what weighs most: assets, definitions and CVEs.

First the counts, then the assets of the few that are shown: counting those of every definition would sort
millions of rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from threatweaver.sdk import SEVERITIES, connection
from threatweaver_exposure.assets import queries as assets
from threatweaver_exposure.backlog.queries import ACTIVE, CHOOSING, COUNTS, KEPT_COUNTS
from threatweaver_exposure.intelligence.effective import KEV

WEIGHTS = (0, 1, 2, 5, 10)
"""What one vulnerability of a severity weighs, INFO first."""

_COLUMNS = tuple(name.lower() for name in SEVERITIES)
_SUMS = ", ".join(f"sum(c.{name})::bigint AS {name}" for name in _COLUMNS)
_WEIGHT = " + ".join(
    f"{weight} * {{prefix}}{name}" for weight, name in zip(WEIGHTS, _COLUMNS, strict=True) if weight
)


async def top_assets(query: Mapping[str, Any]) -> Sequence[asyncpg.Record]:
    """Return the assets whose active vulnerabilities weigh most, from the counts that assets carry."""
    where, values = assets.LISTING.conditions(assets.choosing(query))
    wanted = query.get("severity") or range(len(SEVERITIES))
    counts = ", ".join(
        f"{f'a.open_{name}' if number in wanted else '0'} AS {name}" for number, name in enumerate(_COLUMNS)
    )
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT id, name, ip, "riskScore", {", ".join(_COLUMNS)}, active, weight FROM (
                SELECT *, {" + ".join(_COLUMNS)} AS active, {_WEIGHT.format(prefix="")} AS weight
                FROM (SELECT a.id, a.name, a.ip, a.risk_score AS "riskScore", {counts}
                      FROM exposure_asset a WHERE {where}) chosen) counted
            WHERE active > 0 ORDER BY weight DESC, active DESC, "riskScore" DESC, id
            LIMIT ${len(values) + 1}""",
        *values,
        query["limit"],
    )
    return rows


async def top_definitions(query: Mapping[str, Any]) -> Sequence[asyncpg.Record]:
    """Return the definitions whose active vulnerabilities weigh most."""
    where, values = ACTIVE.conditions(query)
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""WITH counted AS ({_by_definition(where, query)}), top AS (
                SELECT c.*, {_WEIGHT.format(prefix="c.")} AS weight FROM counted c
                ORDER BY weight DESC, active DESC, definition_id LIMIT ${len(values) + 1})
            SELECT d.source, coalesce(d.check_id, d.plugin_id::text) AS "check", d.plugin_id AS "pluginId",
                   d.name, d.family, d.cves, coalesce({KEV}, false) AS kev, top.*,
                   (SELECT count(DISTINCT v.asset_id) FROM {ACTIVE.source}
                    WHERE v.definition_id = top.definition_id AND {where}) AS assets
            FROM top JOIN exposure_definition d ON d.id = top.definition_id
            ORDER BY top.weight DESC, top.active DESC, top.definition_id""",
        *values,
        query["limit"],
    )
    return rows


async def top_cves(query: Mapping[str, Any]) -> Sequence[asyncpg.Record]:
    """Return the CVEs whose active vulnerabilities weigh most; one vulnerability may count for several."""
    where, values = ACTIVE.conditions(query)
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""WITH counted AS ({_by_definition(where, query)}), by_cve AS (
                SELECT n.cve, count(*) AS definitions, bool_or(coalesce({KEV}, false)) AS kev,
                       sum(c.active)::bigint AS active, {_SUMS}
                FROM counted c JOIN exposure_definition_cve n USING (definition_id)
                JOIN exposure_definition d ON d.id = c.definition_id GROUP BY n.cve
            ), top AS (
                SELECT b.*, {_WEIGHT.format(prefix="b.")} AS weight FROM by_cve b
                ORDER BY weight DESC, active DESC, cve LIMIT ${len(values) + 1})
            SELECT top.*, (SELECT count(DISTINCT v.asset_id) FROM {ACTIVE.source}
                           WHERE v.definition_id IN (SELECT definition_id FROM exposure_definition_cve n
                                                     WHERE n.cve = top.cve) AND {where}) AS assets
            FROM top ORDER BY top.weight DESC, top.active DESC, top.cve""",
        *values,
        query["limit"],
    )
    return rows


def _by_definition(where: str, query: Mapping[str, Any]) -> str:
    counts, source = COUNTS, ACTIVE.source
    if not CHOOSING & query.keys():
        counts, source = KEPT_COUNTS, "exposure_definition_rollup v"
    return f"SELECT v.definition_id, {counts} FROM {source} WHERE {where} GROUP BY 1"
