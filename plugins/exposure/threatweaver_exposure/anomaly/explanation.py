"""What made a day differ: the contributions to its figure, from history, by what they have in common.

A contribution is (today, asset_id, definition_id, source, import_id, severity, weight). Those of the days
before say how much of each kind is usual; levels and silences have none of them. In every statement $1 is the
day, $2 the first of the days before it, and $5 the format of a silent scanner.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg

from threatweaver.sdk import connection, severity_name
from threatweaver_exposure.anomaly.metrics import METRICS, Kind
from threatweaver_exposure.anomaly.queries import EVERY, IMPORT_DAY, LISTED

MOST = 10
"""How many of each kind are named."""
_START = "{}::date::timestamp AT TIME ZONE 'UTC'"
_END = "($1::date + 1)::timestamp AT TIME ZONE 'UTC'"
_OF_VULNERABILITIES = f"""LEFT JOIN {EVERY} v ON v.id = {{}}
    LEFT JOIN exposure_definition d ON d.id = v.definition_id"""
_HAPPENED = f"""
    SELECT e.at >= {_START.format("$1")} AS today, v.asset_id, v.definition_id, d.source, e.import_id,
           e.severity, 1 AS weight
    FROM exposure_event e {_OF_VULNERABILITIES.format("e.vulnerability_id")}
    WHERE {{}} AND e.at >= {_START.format("$2")} AND e.at < {_END}"""
# What became active on the day less what ceased to be, each event for itself; {} is which active ones count.
_CHANGED = f"""
    SELECT true AS today, v.asset_id, v.definition_id, d.source, c.import_id, c.severity,
           (c.state <= 1 AND {{now}})::int - coalesce(c.old_state <= 1 AND {{then}}, false)::int AS weight
    FROM (
        SELECT e.*, lag(e.state) OVER w AS old_state, lag(e.severity) OVER w AS old_severity
        FROM exposure_event e WHERE e.at < {_END} AND e.vulnerability_id IN (
            SELECT vulnerability_id FROM exposure_event
            WHERE at >= {_START.format("$1")} AND at < {_END})
        WINDOW w AS (PARTITION BY e.vulnerability_id ORDER BY e.at, e.id)
    ) c {_OF_VULNERABILITIES.format("c.vulnerability_id")} {{join}}
    WHERE c.at >= {_START.format("$1")} AND $2::date IS NOT NULL"""
_EXPLOITED = f"""{
    _CHANGED.format(
        join=f"JOIN {LISTED} l ON l.id = v.definition_id", now="l.since <= $1", then="l.since <= $1"
    )
}
    UNION ALL
    SELECT true, v.asset_id, v.definition_id, d.source, NULL, e.severity, 1
    FROM {LISTED} l JOIN {EVERY} v ON v.definition_id = l.id JOIN exposure_definition d ON d.id = l.id
    JOIN LATERAL (SELECT state, severity FROM exposure_event e WHERE e.vulnerability_id = v.id
                  AND e.at < {_START.format("$1")} ORDER BY e.at DESC, e.id DESC LIMIT 1) e ON e.state <= 1
    WHERE l.since = $1"""
# An asset counts once a day, for the last report that saw it.
_SEEN = f"""
    SELECT DISTINCT ON ({IMPORT_DAY}, s.asset_id) {IMPORT_DAY} = $1 AS today, s.asset_id,
           NULL::int AS definition_id, s.source, s.import_id, NULL::smallint AS severity, 1 AS weight
    FROM exposure_sighting s JOIN exposure_import i ON i.id = s.import_id
    WHERE i.merged_at >= {_START.format("$2")} AND i.merged_at < {_END} AND i.reverted_at IS NULL
    ORDER BY {IMPORT_DAY}, s.asset_id, i.merged_at DESC"""
# What a silent scanner saw on the last day that it reported on.
_MISSED = f"""
    SELECT DISTINCT ON (s.asset_id) true AS today, s.asset_id, NULL::int AS definition_id, s.source,
           s.import_id, NULL::smallint AS severity, 1 AS weight
    FROM exposure_sighting s JOIN exposure_import i ON i.id = s.import_id
    WHERE i.format = $5 AND i.reverted_at IS NULL AND {IMPORT_DAY} = (
        SELECT max({IMPORT_DAY}) FROM exposure_import i
        WHERE i.format = $5 AND i.reverted_at IS NULL AND i.merged_at < {_END})
      AND $2::date IS NOT NULL
    ORDER BY s.asset_id, i.merged_at DESC"""
_CONTRIBUTIONS = {
    "new": _HAPPENED.format("e.action = 'created'"),
    "closed": _HAPPENED.format("e.action = 'closed'"),
    "reopened": _HAPPENED.format("e.action = 'reopened' AND e.import_id IS NOT NULL"),
    "active": _CHANGED.format(join="", now="true", then="true"),
    "active_critical": _CHANGED.format(join="", now="c.severity = 4", then="c.old_severity = 4"),
    "active_kev": _EXPLOITED,
    "assets_seen": _SEEN,
    "scanner_silence": _MISSED,
}
# Kind → what has it in common, the joins that takes; then what it is called, and how the list finds it.
_KINDS = {
    "severities": ("c.severity", "", "", severity_name("t.key"), "'severity'", severity_name("t.key")),
    "scanners": ("c.source", "", "", "t.key", "NULL", "NULL"),
    "formats": ("i.format", "JOIN exposure_import i ON i.id = c.import_id", "", "t.key", "NULL", "NULL"),
    "imports": (
        "c.import_id",
        "",
        "LEFT JOIN exposure_import n ON n.id = t.key",
        "coalesce(n.filename, '')",
        "NULL",
        "NULL",
    ),
    "assetGroups": (
        "m.group_id",
        "JOIN exposure_asset_group_member m ON m.asset_id = c.asset_id",
        "JOIN exposure_asset_group n ON n.id = t.key",
        "n.name",
        "'assetGroup'",
        "t.key::text",
    ),
    "tags": (
        "m.tag_id",
        "JOIN exposure_asset_tag m ON m.asset_id = c.asset_id",
        "JOIN exposure_tag n ON n.id = t.key",
        "n.name",
        "'tag'",
        "n.name",
    ),
    "definitions": (
        "c.definition_id",
        "",
        "JOIN exposure_definition n ON n.id = t.key",
        "n.name",
        "CASE WHEN n.plugin_id IS NOT NULL THEN 'pluginId' END",
        "n.plugin_id::text",
    ),
    "cves": (
        "m.cve",
        "JOIN exposure_definition_cve m ON m.definition_id = c.definition_id",
        "",
        "t.key",
        "'cve'",
        "t.key",
    ),
    "assets": (
        "c.asset_id",
        "",
        "LEFT JOIN exposure_asset n ON n.id = t.key",
        "coalesce(n.name, '')",
        "'assetId'",
        "t.key::text",
    ),
}
KINDS = tuple(_KINDS)


async def contributors(
    metric: str, day: date, before: date, *, days: int, sign: int, subject: str
) -> Sequence[asyncpg.Record]:
    """Return who contributed to a day's figure in which kind, those that differ most first, and `total`.

    `days` is how many there are from `before` to the day before. `sign` is 1 for a figure that is too high,
    -1 for one that is too low: then those are named that lack most.
    """
    values: list[Any] = [day, before, days, sign]
    if METRICS[metric].kind is Kind.SILENCE:
        values.append(subject)
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""
        WITH contribution AS MATERIALIZED (SELECT * FROM ({_CONTRIBUTIONS[metric]}) x WHERE weight <> 0)
        SELECT 'total' AS kind, NULL AS id, NULL AS name, NULL AS parameter, NULL AS argument,
               coalesce(sum(weight), 0)::bigint AS count, NULL::float8 AS usual
        FROM contribution WHERE today
        {" ".join(_ranked(kind) for kind in _KINDS)}
        """,
        *values,
    )
    return rows


def _ranked(kind: str) -> str:
    key, joined, named, name, parameter, argument = _KINDS[kind]
    return f"""UNION ALL (
        SELECT '{kind}', t.key::text, {name}, {parameter}, {argument}, t.count, t.usual FROM (
            SELECT * FROM (
                SELECT {key} AS key, coalesce(sum(c.weight) FILTER (WHERE c.today), 0)::bigint AS count,
                       coalesce(sum(c.weight) FILTER (WHERE NOT c.today), 0) / $3::float8 AS usual
                FROM contribution c {joined} WHERE {key} IS NOT NULL GROUP BY 1
            ) g WHERE $4::int * (count - usual) > 0
            ORDER BY $4::int * (count - usual) DESC, key LIMIT {MOST}
        ) t {named} ORDER BY $4::int * (t.count - t.usual) DESC, t.key)"""
