"""What a report does not show: gone, if it proves that, else unobserved."""

from collections.abc import Mapping
from typing import Any

from threatweaver.sdk import connection
from threatweaver_exposure.imports.staging import Staged
from threatweaver_exposure.risk import scoring

CHECK_OF_D = "coalesce(d.check_id, d.plugin_id::text)"


async def miss(source: str, staged: Staged, formula: Mapping[str, Any]) -> None:
    """Find what the report does not show on assets that it scanned to the end; makes
    missing(id, proven, ...).

    Absence is proof only if the report says that the check ran, on a host whose scan finished, later than
    the last sighting, and with credentials if it was seen with credentials.
    """
    held = connection()
    # What is fixed does not grow older: its age is that of the day it was.
    risk = scoring.score(formula, severity="v.severity", first_seen="v.first_seen", fixed_at="m.seen_at")
    # Found first and written then: a statement that looks for rows in the table it adds to reads all that
    # it has added so far again for each.
    await held.execute("CREATE INDEX ON vulnerability_change (id)")
    await held.execute(
        f"""
        CREATE TEMPORARY TABLE missing ON COMMIT DROP AS
        SELECT v.id, v.asset_id, v.definition_id, v.severity, v.state, v.first_seen, m.seen_at, p.proven,
               CASE WHEN p.proven THEN {risk} ELSE v.risk_score END AS risk_score
        FROM (SELECT asset_id, max(seen_at) AS seen_at, bool_or(authenticated) AS authenticated
              FROM matched GROUP BY asset_id HAVING bool_and(finished)) m
        JOIN exposure_vulnerability v USING (asset_id)
        JOIN exposure_definition d ON d.id = v.definition_id
        JOIN exposure_asset a ON a.id = v.asset_id,
        LATERAL (SELECT (coalesce(m.authenticated, false) OR NOT v.authenticated)
                     AND ($2 OR {CHECK_OF_D} = ANY($3::text[])) AS proven) p
        WHERE v.state <> 3 AND v.last_seen < m.seen_at AND d.source = $1
          AND NOT EXISTS (SELECT 1 FROM vulnerability_change c
                          WHERE c.id = v.id AND c.action <> 'rescored')
        """,
        source,
        any(item.checks is None for item in staged.coverage),
        list(frozenset().union(*(item.checks or () for item in staged.coverage))),
    )
    await held.execute("ANALYZE missing")


async def prove(formula: Mapping[str, Any]) -> None:
    """Add to `missing` what the scanner itself says to be fixed, unless it was seen since."""
    risk = scoring.score(formula, severity="v.severity", first_seen="v.first_seen", fixed_at="f.seen_at")
    await connection().execute(
        f"""
        INSERT INTO missing (id, asset_id, definition_id, severity, state, first_seen, seen_at, proven,
                             risk_score)
        SELECT v.id, v.asset_id, v.definition_id, v.severity, v.state, v.first_seen, f.seen_at, true, {risk}
        FROM (SELECT m.asset_id, n.id AS definition_id, s.port, s.protocol, max(m.seen_at) AS seen_at
              FROM staged_fixed s JOIN matched m USING (host) JOIN defined n ON n.number = s.definition
              GROUP BY 1, 2, 3, 4) f
        JOIN exposure_vulnerability v USING (asset_id, definition_id, port, protocol)
        JOIN exposure_definition d ON d.id = v.definition_id
        JOIN exposure_asset a ON a.id = v.asset_id
        WHERE v.location = '' AND v.state <> 3 AND v.last_seen <= f.seen_at
          AND NOT EXISTS (SELECT 1 FROM vulnerability_change c WHERE c.id = v.id AND c.action <> 'rescored')
          AND NOT EXISTS (SELECT 1 FROM missing m WHERE m.id = v.id)
        """
    )


async def close() -> int:
    """Mark as fixed what is proven to be gone; return how many."""
    held = connection()
    await held.execute(
        """UPDATE exposure_vulnerability v
           SET state = 3, fixed_at = m.seen_at, unobserved_since = NULL, risk_score = m.risk_score
           FROM missing m WHERE v.id = m.id AND m.proven"""
    )
    closed: str = await held.execute(
        """
        INSERT INTO vulnerability_change (id, asset_id, definition_id, severity, old_severity, risk_score,
                                          old_state, first_seen, action)
        SELECT id, asset_id, definition_id, severity, severity, risk_score, state, first_seen, 'closed'
        FROM missing WHERE proven
        """
    )
    return int(closed.rsplit(" ", 1)[-1])


async def lose_sight() -> int:
    """Date what is missing without proof; return how many were seen until now."""
    lost: str = await connection().execute(
        """UPDATE exposure_vulnerability v SET unobserved_since = m.seen_at
           FROM missing m WHERE v.id = m.id AND NOT m.proven AND v.unobserved_since IS NULL"""
    )
    return int(lost.rsplit(" ", 1)[-1])
