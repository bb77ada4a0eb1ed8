"""Accepting the risk of vulnerabilities and taking that back: one statement each, however many they are.

`chosen` is a source of ids: a table of one column, an array that is unnested, a query in parentheses. The
caller has serialized and made the table of changes, and applies it afterwards. Each says how many
vulnerabilities it applied to; only where the state moves is something to count and to remember.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from threatweaver.sdk import connection
from threatweaver_exposure.vulnerabilities.models import State

_ROW = "v.id, v.asset_id, v.definition_id, v.severity, v.risk_score, v.state, v.first_seen"
_TOLD = """INSERT INTO vulnerability_change
    (id, asset_id, definition_id, severity, old_severity, risk_score, old_risk_score, old_state, first_seen,
     action)
    SELECT id, asset_id, definition_id, severity, severity, risk_score, risk_score, state, first_seen,"""


async def accept(chosen: str, *values: Any, until: datetime, reason: str, by: UUID) -> int:
    """Accept those that are not fixed; `values` are bound to what `chosen` names $4 and on."""
    return await _run(
        f"""
        WITH acceptable AS MATERIALIZED (
            SELECT {_ROW} FROM exposure_vulnerability v JOIN {chosen} c (id) USING (id)
            WHERE v.state <> {State.FIXED.value}
        ), noted AS (
            INSERT INTO exposure_acceptance (vulnerability_id, until, reason, accepted_by, accepted_at)
            SELECT id, $1, $2, $3, now() FROM acceptable
            ON CONFLICT (vulnerability_id) DO UPDATE
            SET until = EXCLUDED.until, reason = EXCLUDED.reason, accepted_by = EXCLUDED.accepted_by
        ), moved AS (
            UPDATE exposure_vulnerability v SET state = {State.ACCEPTED.value} FROM acceptable a
            WHERE v.id = a.id AND a.state <> {State.ACCEPTED.value}
        ), told AS (
            {_TOLD} 'accepted' FROM acceptable WHERE state <> {State.ACCEPTED.value}
        ) SELECT count(*) FROM acceptable""",
        until,
        reason,
        by,
        *values,
    )


async def reopen(chosen: str, *values: Any) -> int:
    """Reopen those that are accepted; `values` are bound to what `chosen` names $1 and on."""
    return await _run(
        f"""
        WITH dropped AS (
            DELETE FROM exposure_acceptance x USING exposure_vulnerability v JOIN {chosen} c (id) USING (id)
            WHERE x.vulnerability_id = v.id AND v.state = {State.ACCEPTED.value}
            RETURNING {_ROW}
        ), moved AS (
            UPDATE exposure_vulnerability v SET state = {State.REOPENED.value} FROM dropped d
            WHERE v.id = d.id
        ), told AS (
            {_TOLD} 'reopened' FROM dropped
        ) SELECT count(*) FROM dropped""",
        *values,
    )


async def _run(sql: str, *values: Any) -> int:
    count: int = await connection().fetchval(sql, *values)
    return count
