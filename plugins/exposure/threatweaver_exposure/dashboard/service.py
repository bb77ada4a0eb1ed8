"""Keeping the rollups: called in the transaction of whatever changed vulnerabilities.

Callers leave a temporary table vulnerability_change (id, asset_id, definition_id, severity, old_severity,
risk_score, old_risk_score, old_state, first_seen, action, new_state); nothing else writes the rollups, the
counts on assets, or history.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from threatweaver.sdk import connection
from threatweaver_exposure.daily import service as daily
from threatweaver_exposure.history import service as history

# action → the state it leads to; NULL keeps the old one.
_STATE_AFTER = """CASE action WHEN 'created' THEN 0 WHEN 'reopened' THEN 1 WHEN 'accepted' THEN 2
                         WHEN 'closed' THEN 3 WHEN 'reverted' THEN new_state WHEN 'withdrawn' THEN 4
                         WHEN 'merged' THEN new_state WHEN 'split' THEN new_state
                         WHEN 'restored' THEN new_state ELSE old_state END"""


async def serialize() -> None:
    """Wait until nobody else of the tenant changes vulnerabilities: no row may be counted twice."""
    await history.take_turn()


async def changes_table() -> None:
    """Make an empty table vulnerability_change, for changes other than a merge's."""
    await connection().execute(
        """CREATE TEMPORARY TABLE vulnerability_change (id uuid, asset_id uuid, definition_id int,
           severity smallint, old_severity smallint, risk_score smallint, old_risk_score smallint,
           old_state smallint, first_seen timestamptz, action text, new_state smallint) ON COMMIT DROP"""
    )


async def apply_changes(
    *,
    at: datetime | None = None,
    import_id: UUID | None = None,
    actor_id: UUID | None = None,
    left: Sequence[UUID] = (),
) -> None:
    """Write history, add the changes to the rollups and count the touched assets anew.

    `import_id` or `actor_id` is by what or whom it changed; neither is time itself. `left` are assets that
    vulnerabilities went away from. What has no old_state was not there before. `at` is a moment that this
    transaction has asked for already.
    """
    at = at or await history.moment()
    await history.record(at, _STATE_AFTER, import_id=import_id, actor_id=actor_id)
    today = _day(at)
    await daily.keep(_STATE_AFTER, today, imported=import_id is not None)
    elsewhere = ", ".join(f"'{asset}'::uuid" for asset in left)
    await connection().execute(
        f"""
        CREATE TEMPORARY TABLE step ON COMMIT DROP AS
        SELECT definition_id, (first_seen AT TIME ZONE 'UTC')::date AS first_seen_on, severity, state,
               sum(delta) AS total, sum(risk) AS risk_sum
        FROM (
            SELECT definition_id, first_seen, old_severity AS severity, old_state AS state, -1 AS delta,
                   -old_risk_score AS risk
            FROM vulnerability_change WHERE action <> 'unchanged' AND old_state IS NOT NULL
            UNION ALL
            SELECT definition_id, first_seen, severity, {_STATE_AFTER}, 1, risk_score
            FROM vulnerability_change WHERE action NOT IN ('unchanged', 'withdrawn')
        ) c GROUP BY 1, 2, 3, 4 HAVING (sum(delta), sum(risk)) <> (0, 0);
        INSERT INTO exposure_definition_rollup AS r (definition_id, severity, state, total, risk_sum)
        SELECT definition_id, severity, state, sum(total), sum(risk_sum) FROM step GROUP BY 1, 2, 3
        ON CONFLICT (definition_id, severity, state) DO UPDATE
        SET total = r.total + EXCLUDED.total, risk_sum = r.risk_sum + EXCLUDED.risk_sum;
        DELETE FROM exposure_definition_rollup
        WHERE total = 0 AND definition_id IN (SELECT definition_id FROM step);
        CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
        SELECT first_seen_on, severity, state, sum(total) AS total FROM step
        GROUP BY 1, 2, 3 HAVING sum(total) <> 0;
        INSERT INTO exposure_rollup AS r (first_seen_on, severity, state, total)
        SELECT first_seen_on, severity, state, total FROM moved
        ON CONFLICT (first_seen_on, severity, state) DO UPDATE SET total = r.total + EXCLUDED.total;
        DELETE FROM exposure_rollup WHERE total = 0;
        INSERT INTO exposure_day_rollup AS r (day, first_seen_on, severity, state, total)
        SELECT {today}, first_seen_on, severity, state, total FROM moved
        ON CONFLICT (day, first_seen_on, severity, state) DO UPDATE SET total = r.total + EXCLUDED.total;

        CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
        SELECT a.id, a.worst_severity, a.risk_score FROM exposure_asset a
        WHERE a.id IN (SELECT asset_id FROM vulnerability_change WHERE action <> 'unchanged')
           OR a.id = ANY(ARRAY[{elsewhere}]::uuid[])
        ORDER BY a.id FOR NO KEY UPDATE;
        ANALYZE touched;
        UPDATE exposure_asset a
        SET worst_severity = coalesce(n.worst, -1), risk_score = coalesce(n.risk, 0),
            open_critical = coalesce(n.critical, 0), open_high = coalesce(n.high, 0),
            open_medium = coalesce(n.medium, 0), open_low = coalesce(n.low, 0),
            open_info = coalesce(n.info, 0), top_definition_id = n.top, second_score = n.second
        FROM touched t LEFT JOIN (
            SELECT d.asset_id, max(d.worst) AS worst, max(d.risk) AS risk, sum(d.critical) AS critical,
                   sum(d.high) AS high, sum(d.medium) AS medium, sum(d.low) AS low, sum(d.info) AS info,
                   min(d.definition_id) FILTER (WHERE d.place = 1) AS top,
                   coalesce(max(d.risk) FILTER (WHERE d.place > 1), 0) AS second
            FROM (
                SELECT v.asset_id, v.definition_id, max(v.severity) AS worst, max(v.risk_score) AS risk,
                       count(*) FILTER (WHERE v.severity = 4) AS critical,
                       count(*) FILTER (WHERE v.severity = 3) AS high,
                       count(*) FILTER (WHERE v.severity = 2) AS medium,
                       count(*) FILTER (WHERE v.severity = 1) AS low,
                       count(*) FILTER (WHERE v.severity = 0) AS info,
                       row_number() OVER (PARTITION BY v.asset_id
                                          ORDER BY max(v.risk_score) DESC, v.definition_id) AS place
                FROM exposure_vulnerability v
                WHERE v.asset_id IN (SELECT id FROM touched) AND v.state <= 1
                GROUP BY v.asset_id, v.definition_id) d
            GROUP BY d.asset_id) n ON n.asset_id = t.id
        WHERE a.id = t.id;
        CREATE TEMPORARY TABLE moved_assets ON COMMIT DROP AS
        SELECT worst_severity, sum(assets) AS assets, sum(risk) AS risk_sum FROM (
            SELECT worst_severity, -1 AS assets, -risk_score AS risk FROM touched
            UNION ALL
            SELECT a.worst_severity, 1, a.risk_score FROM exposure_asset a JOIN touched USING (id)
        ) c GROUP BY worst_severity;
        {adding_assets("moved_assets", at)}
        """
    )


async def add_assets(changed: str) -> None:
    """Add what a table (worst_severity, assets, risk_sum) says to the rollups of assets."""
    await connection().execute(adding_assets(changed, await history.moment()))


def adding_assets(changed: str, at: datetime) -> str:
    """Return the statements that add what a table (worst_severity, assets, risk_sum) says, as of a moment."""
    return f"""
        INSERT INTO exposure_asset_rollup AS r (worst_severity, assets, risk_sum)
        SELECT worst_severity, assets, risk_sum FROM {changed}
        ON CONFLICT (worst_severity) DO UPDATE
        SET assets = r.assets + EXCLUDED.assets, risk_sum = r.risk_sum + EXCLUDED.risk_sum;
        INSERT INTO exposure_day_asset_rollup AS r (day, worst_severity, assets, risk_sum)
        SELECT {_day(at)}, worst_severity, assets, risk_sum FROM {changed}
        ON CONFLICT (day, worst_severity) DO UPDATE
        SET assets = r.assets + EXCLUDED.assets, risk_sum = r.risk_sum + EXCLUDED.risk_sum;
    """


def _day(moment: datetime) -> str:
    return f"'{moment:%Y-%m-%d}'::date"
