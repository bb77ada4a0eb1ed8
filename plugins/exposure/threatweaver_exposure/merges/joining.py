"""Findings of assets that become one: those of one check at one place are joined, the others move.

Statements run once a merge, whatever its size. The caller has serialized and made vulnerability_change.
"""

from collections.abc import Sequence
from uuid import UUID

from threatweaver.sdk import connection

_WITHDRAWN = """id, asset_id, definition_id, port, protocol, location, authenticated, first_seen, last_seen,
    fixed_at, unobserved_since"""


async def join(merge_id: UUID, into: UUID, others: Sequence[UUID]) -> None:
    """Give an asset the vulnerabilities of others; makes joining(id, into_id, joined) and outcome(id, ...).

    Of those of one check at one place the one that was seen first stays, so that the past stays as it is:
    the others are its sightings from now on.
    """
    await _find(into, others)
    await _remember(merge_id, into)
    await _decide()
    await _tell(into)
    await _write(into)


async def _find(into: UUID, others: Sequence[UUID]) -> None:
    await connection().execute(
        """
        CREATE TEMPORARY TABLE joining ON COMMIT DROP AS
        SELECT id, first_value(id) OVER (place ORDER BY first_seen, asset_id <> $1, id) AS into_id,
               count(*) OVER place > 1 AS joined
        FROM exposure_vulnerability WHERE asset_id = $1 OR asset_id = ANY($2::uuid[])
        WINDOW place AS (PARTITION BY definition_id, port, protocol, location)
        """,
        into,
        list(others),
    )
    await connection().execute("CREATE UNIQUE INDEX ON joining (id); ANALYZE joining")


async def _remember(merge_id: UUID, into: UUID) -> None:
    """Note what is about to change, whole."""
    await connection().execute(
        """
        INSERT INTO exposure_asset_merge_item (merge_id, vulnerability_id, joined_to, before, evidence,
                                               acceptance)
        SELECT $1, v.id, nullif(j.into_id, v.id), to_jsonb(v), to_jsonb(e), to_jsonb(x)
        FROM joining j JOIN exposure_vulnerability v USING (id)
        LEFT JOIN exposure_evidence e ON e.vulnerability_id = v.id AND j.joined
        LEFT JOIN exposure_acceptance x ON x.vulnerability_id = v.id AND j.joined
        WHERE j.joined OR v.asset_id <> $2
        """,
        merge_id,
        into,
    )


async def _decide() -> None:
    """Make outcome: what the joined ones are together. The worst state holds, else what was seen last.

    Active beats accepted, for its risk was accepted elsewhere only; accepted beats fixed; of several
    acceptances the one that ends first holds.
    """
    await connection().execute(
        """
        CREATE TEMPORARY TABLE outcome ON COMMIT DROP AS
        SELECT n.id, n.state, n.fixed_at, l.id AS latest, l.severity, l.authenticated, l.last_seen,
               CASE WHEN n.state <> 3 THEN l.unobserved_since END AS unobserved_since, l.evidence_digest,
               CASE WHEN n.state = 2 THEN n.accepted END AS accepted
        FROM (
            SELECT j.into_id AS id,
                   CASE WHEN bool_or(v.state = 1) THEN 1 WHEN bool_or(v.state = 0) THEN 0
                        ELSE min(v.state) END AS state,
                   CASE WHEN min(v.state) = 3 THEN max(v.fixed_at) END AS fixed_at,
                   (array_agg(v.id ORDER BY v.last_seen DESC, v.id <> j.into_id, v.id))[1] AS latest,
                   (array_agg(v.id ORDER BY x.until, v.id <> j.into_id, v.id)
                        FILTER (WHERE v.state = 2))[1] AS accepted
            FROM joining j JOIN exposure_vulnerability v USING (id)
            LEFT JOIN exposure_acceptance x ON x.vulnerability_id = v.id
            WHERE j.joined GROUP BY 1
        ) n JOIN exposure_vulnerability l ON l.id = n.latest
        """
    )
    await connection().execute("CREATE UNIQUE INDEX ON outcome (id); ANALYZE outcome")


async def _tell(into: UUID) -> None:
    """Add what happens to vulnerability_change."""
    await connection().execute(
        """
        INSERT INTO vulnerability_change (id, asset_id, definition_id, severity, old_severity, risk_score,
                                          old_risk_score, old_state, first_seen, action, new_state)
        SELECT v.id, $1, v.definition_id, coalesce(o.severity, v.severity), v.severity, v.risk_score,
               v.risk_score, v.state, v.first_seen,
               CASE WHEN v.id <> j.into_id THEN 'withdrawn' WHEN j.joined THEN 'merged' ELSE 'moved' END,
               o.state
        FROM joining j JOIN exposure_vulnerability v USING (id) LEFT JOIN outcome o USING (id)
        WHERE j.joined OR v.asset_id <> $1
        """,
        into,
    )


async def _write(into: UUID) -> None:
    held = connection()
    await held.execute(
        f"""
        CREATE TEMPORARY TABLE accepted_now ON COMMIT DROP AS
        SELECT o.id AS vulnerability_id, x.reason, x.until, x.accepted_by, x.accepted_at
        FROM outcome o JOIN exposure_acceptance x ON x.vulnerability_id = o.accepted;
        DELETE FROM exposure_acceptance x USING joining j WHERE j.joined AND x.vulnerability_id = j.id;
        INSERT INTO exposure_acceptance (vulnerability_id, reason, until, accepted_by, accepted_at)
        SELECT vulnerability_id, reason, until, accepted_by, accepted_at FROM accepted_now;
        UPDATE exposure_evidence e
        SET service = l.service, output = l.output, import_id = l.import_id, observed_at = l.observed_at
        FROM outcome o JOIN exposure_evidence l ON l.vulnerability_id = o.latest
        WHERE o.latest <> o.id AND e.vulnerability_id = o.id;
        DELETE FROM exposure_evidence e USING joining j WHERE j.id <> j.into_id AND e.vulnerability_id = j.id;
        INSERT INTO exposure_withdrawn ({_WITHDRAWN})
        SELECT {_WITHDRAWN} FROM exposure_vulnerability JOIN joining j USING (id) WHERE j.into_id <> id;
        DELETE FROM exposure_vulnerability v USING joining j WHERE j.into_id <> j.id AND v.id = j.id;
        """
    )
    await held.execute(
        """UPDATE exposure_vulnerability v SET asset_id = $1
           FROM joining j WHERE j.id = v.id AND v.asset_id <> $1""",
        into,
    )
    await held.execute(
        """UPDATE exposure_vulnerability v
           SET state = o.state, fixed_at = o.fixed_at, severity = o.severity, last_seen = o.last_seen,
               authenticated = o.authenticated, unobserved_since = o.unobserved_since,
               evidence_digest = o.evidence_digest
           FROM outcome o WHERE o.id = v.id"""
    )
