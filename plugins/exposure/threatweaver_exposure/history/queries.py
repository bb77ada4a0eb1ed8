"""Reads of history: of one vulnerability, of a past day, and whether numbers agree with what they count."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.severity import sql_name

STATE_NAME = "(ARRAY['open','reopened','accepted','fixed','withdrawn'])[{state} + 1]"

# The last event until the end of a day, as a condition on one; {} is the day.
LAST_UNTIL = """v.at < ({}::date + 1)::timestamp AT TIME ZONE 'UTC' AND NOT EXISTS (
    SELECT 1 FROM exposure_event n WHERE n.vulnerability_id = v.id
    AND n.at < ({}::date + 1)::timestamp AT TIME ZONE 'UTC' AND (n.at, n.id) > (v.at, v.event_id))"""

_SHAPE = """id, asset_id, definition_id, port, protocol, location, first_seen, last_seen, fixed_at,
    authenticated, unobserved_since"""
# Vulnerabilities with what each event made of them, in the shape of exposure_vulnerability. Those of a
# reverted import were there until it was.
AS_IT_WAS = f"""(
    SELECT w.*, e.state, e.severity, e.risk_score, e.at, e.id AS event_id
    FROM (SELECT {_SHAPE} FROM exposure_vulnerability
          UNION ALL SELECT {_SHAPE} FROM exposure_withdrawn) w
    JOIN exposure_event e ON e.vulnerability_id = w.id WHERE e.action <> 'withdrawn')"""
ASSETS_AS_THEY_WERE = """(SELECT id, name, ip FROM exposure_asset
    UNION ALL SELECT id, name, ip FROM exposure_withdrawn_asset)"""

_DISAGREEMENTS = """
SELECT 'vulnerabilities' AS figure FROM (
    SELECT first_seen_on, severity, state, total FROM exposure_rollup
    EXCEPT ALL
    SELECT (first_seen AT TIME ZONE 'UTC')::date, severity, state, count(*)
    FROM exposure_vulnerability GROUP BY 1, 2, 3
) x HAVING count(*) > 0
UNION ALL
SELECT 'vulnerabilities by day' FROM (
    SELECT first_seen_on, severity, state, sum(total) FROM exposure_day_rollup
    GROUP BY 1, 2, 3 HAVING sum(total) <> 0
    EXCEPT ALL
    SELECT first_seen_on, severity, state, total FROM exposure_rollup
) x HAVING count(*) > 0
UNION ALL
SELECT 'history' FROM (
    SELECT v.id FROM exposure_vulnerability v LEFT JOIN LATERAL (
        SELECT state, severity, risk_score FROM exposure_event e WHERE e.vulnerability_id = v.id
        ORDER BY e.at DESC, e.id DESC LIMIT 1) e ON true
    WHERE (v.state, v.severity, v.risk_score) IS DISTINCT FROM (e.state, e.severity, e.risk_score)
) x HAVING count(*) > 0
UNION ALL
SELECT 'assets' FROM (
    SELECT worst_severity, assets, risk_sum FROM exposure_asset_rollup WHERE assets <> 0
    EXCEPT ALL
    SELECT worst_severity, count(*), sum(risk_score) FROM exposure_asset GROUP BY 1
) x HAVING count(*) > 0
UNION ALL
SELECT 'assets by day' FROM (
    SELECT worst_severity, sum(assets), sum(risk_sum) FROM exposure_day_asset_rollup
    GROUP BY 1 HAVING sum(assets) <> 0
    EXCEPT ALL
    SELECT worst_severity, assets, risk_sum FROM exposure_asset_rollup
) x HAVING count(*) > 0
"""


async def of(vulnerability_id: UUID) -> Sequence[asyncpg.Record]:
    """Return what happened to a vulnerability, the latest first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT e.at, e.action, {STATE_NAME.format(state="e.state")} AS state,
                   {sql_name("e.severity")} AS severity, e.risk_score AS "riskScore",
                   e.import_id AS "importId", i.filename, e.actor_id AS "actorId"
            FROM exposure_event e LEFT JOIN exposure_import i ON i.id = e.import_id
            WHERE e.vulnerability_id = $1 ORDER BY e.at DESC, e.id DESC LIMIT 1000""",
        vulnerability_id,
    )
    return rows


async def disagreements() -> list[str]:
    """Return which numbers differ from what they count; none, if all is well."""
    return [row["figure"] for row in await connection().fetch(_DISAGREEMENTS)]
