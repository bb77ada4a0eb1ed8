"""Reads of history: of one vulnerability, of a past day, and whether numbers agree with what they count."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection, severity_name
from threatweaver_exposure.daily.queries import DISAGREEMENTS

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
    FROM (SELECT {_SHAPE}, flaw FROM exposure_vulnerability
          UNION ALL SELECT {_SHAPE}, NULL FROM exposure_withdrawn) w
    JOIN exposure_event e ON e.vulnerability_id = w.id WHERE e.action <> 'withdrawn')"""
ASSETS_AS_THEY_WERE = """(SELECT id, name, ip, criticality, exposure FROM exposure_asset
    UNION ALL SELECT id, name, ip, NULL::smallint, NULL::text FROM exposure_withdrawn_asset)"""

_DISAGREEMENTS = f"""
SELECT 'vulnerabilities' AS figure FROM (
    SELECT first_seen_on, severity, state, total FROM exposure_rollup
    EXCEPT ALL
    SELECT (first_seen AT TIME ZONE 'UTC')::date, severity, state, count(*)
    FROM exposure_vulnerability GROUP BY 1, 2, 3
) x HAVING count(*) > 0
UNION ALL
SELECT 'vulnerabilities by definition' FROM (
    (SELECT definition_id, severity, state, total, risk_sum FROM exposure_definition_rollup
     EXCEPT ALL
     SELECT definition_id, severity, state, count(*), sum(risk_score) FROM exposure_vulnerability
     GROUP BY 1, 2, 3)
    UNION ALL
    (SELECT definition_id, severity, state, count(*), sum(risk_score) FROM exposure_vulnerability
     GROUP BY 1, 2, 3
     EXCEPT ALL
     SELECT definition_id, severity, state, total, risk_sum FROM exposure_definition_rollup)
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
SELECT 'tops of assets' FROM (
    SELECT a.id FROM exposure_asset a LEFT JOIN (
        SELECT asset_id, min(definition_id) FILTER (WHERE place = 1) AS top,
               coalesce(max(risk) FILTER (WHERE place > 1), 0) AS second
        FROM (SELECT asset_id, definition_id, max(risk_score) AS risk, row_number() OVER (
                  PARTITION BY asset_id ORDER BY max(risk_score) DESC, definition_id) AS place
              FROM exposure_vulnerability WHERE state <= 1 GROUP BY 1, 2) d
        GROUP BY asset_id) n ON n.asset_id = a.id
    WHERE (a.top_definition_id, a.second_score) IS DISTINCT FROM (n.top, n.second)
) x HAVING count(*) > 0
UNION ALL
SELECT 'assets by day' FROM (
    SELECT worst_severity, sum(assets), sum(risk_sum) FROM exposure_day_asset_rollup
    GROUP BY 1 HAVING sum(assets) <> 0
    EXCEPT ALL
    SELECT worst_severity, assets, risk_sum FROM exposure_asset_rollup
) x HAVING count(*) > 0
UNION ALL
{DISAGREEMENTS}"""


async def of(vulnerability_id: UUID) -> Sequence[asyncpg.Record]:
    """Return what happened to a vulnerability, and to those that were joined to it, the latest first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""WITH RECURSIVE one(id) AS (
                SELECT $1::uuid UNION
                SELECT i.vulnerability_id FROM exposure_asset_merge_item i JOIN one ON one.id = i.joined_to
            )
            SELECT e.at, e.action, e.vulnerability_id AS "vulnerabilityId",
                   {STATE_NAME.format(state="e.state")} AS state,
                   {severity_name("e.severity")} AS severity, e.risk_score AS "riskScore",
                   e.import_id AS "importId", i.filename, e.actor_id AS "actorId"
            FROM exposure_event e LEFT JOIN exposure_import i ON i.id = e.import_id
            WHERE e.vulnerability_id IN (SELECT id FROM one) ORDER BY e.at DESC, e.id DESC LIMIT 1000""",
        vulnerability_id,
    )
    return rows


async def disagreements() -> list[str]:
    """Return which numbers differ from what they count; none, if all is well."""
    return [row["figure"] for row in await connection().fetch(_DISAGREEMENTS)]
