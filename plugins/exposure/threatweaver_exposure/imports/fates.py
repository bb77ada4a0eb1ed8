"""What becomes of everything that an import touched when it is taken back, and who takes over what stays.

Makes the tables that restoring reads; nothing but what imports keep of before is changed here.
"""

from datetime import datetime
from uuid import UUID

from threatweaver.sdk import connection

VALUES = (
    "state",
    "severity",
    "risk_score",
    "authenticated",
    "fixed_at",
    "unobserved_since",
    "evidence_digest",
)
"""What is kept of a vulnerability as it was before an import changed it."""


async def decide(import_id: UUID, merged_at: datetime) -> None:
    """Make undone(id, asset_id, definition_id, created, seen, whole, evidence, fate, ...) of a merged import.

    `fate` is withdrawn, restored, or why it is kept: import or decision. What was before one that is kept
    goes to the next import that touched it.
    """
    await _collect(import_id)
    await _look_ahead(import_id, merged_at)
    await _hand_over(import_id)


async def _collect(import_id: UUID) -> None:
    """Make undone(id, asset_id, created, seen, whole, ...): what the import touched, and what that was."""
    before = ", ".join(f"b.{name}" for name in VALUES)
    await connection().execute(
        f"""
        CREATE TEMPORARY TABLE undone ON COMMIT DROP AS
        WITH sighted AS (
            SELECT u.id, u.seen IS NULL AS created, u.seen
            FROM exposure_sighting s, unnest(s.vulnerabilities, s.last_seen) AS u(id, seen)
            WHERE s.import_id = $1
        )
        SELECT v.id, v.asset_id, v.definition_id, t.created, coalesce(b.last_seen, t.seen) AS seen,
               b.id IS NOT NULL AS whole, {before}, b.evidence, NULL::text AS fate
        FROM (
            SELECT * FROM sighted
            UNION ALL
            SELECT b.vulnerability_id, false, b.last_seen FROM exposure_before b
            WHERE b.import_id = $1 AND NOT EXISTS (SELECT 1 FROM sighted s WHERE s.id = b.vulnerability_id)
        ) t
        JOIN exposure_vulnerability v USING (id)
        LEFT JOIN exposure_before b ON b.import_id = $1 AND b.vulnerability_id = t.id
        """,
        import_id,
    )
    await connection().execute("CREATE UNIQUE INDEX ON undone (id); ANALYZE undone")


async def _look_ahead(import_id: UUID, merged_at: datetime) -> None:
    """Decide each one's fate; makes later(id, import_id, asset_id, merged_at, seen, whole) in their order."""
    held = connection()
    await held.execute(
        """
        CREATE TEMPORARY TABLE later ON COMMIT DROP AS
        WITH RECURSIVE pairs(id, other) AS (
            SELECT m.asset_id, o.id FROM exposure_asset_merge m, unnest(m.others) AS o(id) UNION
            SELECT o.id, m.asset_id FROM exposure_asset_merge m, unnest(m.others) AS o(id)
        ), related(id) AS (
            SELECT asset_id FROM exposure_sighting WHERE import_id = $1 UNION
            SELECT p.other FROM related r JOIN pairs p ON p.id = r.id
        )
        SELECT id, import_id, merged_at, bool_or(seen) AS seen, bool_or(whole) AS whole FROM (
            SELECT u.id, s.import_id, i.merged_at, true AS seen, false AS whole
            FROM exposure_import i JOIN exposure_sighting s ON s.import_id = i.id,
                 unnest(s.vulnerabilities) AS u(id)
            WHERE i.merged_at > $2 AND s.asset_id IN (SELECT id FROM related)
              AND u.id IN (SELECT id FROM undone)
            UNION ALL
            SELECT b.vulnerability_id, b.import_id, i.merged_at, false, true
            FROM exposure_import i JOIN exposure_before b ON b.import_id = i.id
            WHERE i.merged_at > $2 AND b.vulnerability_id IN (SELECT id FROM undone)
        ) l GROUP BY id, import_id, merged_at
        """,
        import_id,
        merged_at,
    )
    await held.execute("CREATE INDEX ON later (id); ANALYZE later")
    await held.execute(
        """
        UPDATE undone u SET fate = CASE
            WHEN EXISTS (SELECT 1 FROM exposure_event e WHERE e.vulnerability_id = u.id
                         AND e.actor_id IS NOT NULL AND e.import_id IS NULL
                         AND e.action NOT IN ('rescored', 'moved', 'merged', 'split', 'restored',
                                              'withdrawn')
                         AND e.at > $1) THEN 'decision'
            -- People merged or split its asset, and that stands.
            WHEN EXISTS (SELECT 1 FROM exposure_asset_merge_item i
                         JOIN exposure_asset_merge m ON m.id = i.merge_id
                         WHERE i.vulnerability_id = u.id AND m.undone_at IS NULL AND m.created_at > $1)
              OR EXISTS (SELECT 1 FROM exposure_asset_merge_item i
                         JOIN exposure_asset_merge m ON m.id = i.merge_id
                         WHERE i.joined_to = u.id AND coalesce(m.undone_at, m.created_at) > $1)
                THEN 'decision'
            WHEN u.created AND NOT EXISTS (SELECT 1 FROM later l WHERE l.id = u.id AND l.seen)
                THEN 'withdrawn'
            WHEN EXISTS (SELECT 1 FROM later l WHERE l.id = u.id) THEN 'import'
            ELSE 'restored' END
        """,
        merged_at,
    )


async def _hand_over(import_id: UUID) -> None:
    """Let the next import that touched what is kept take over what was there before.

    For what the import created that is the next one that saw it: it has created it now.
    """
    held = connection()
    await held.execute(
        """
        CREATE TEMPORARY TABLE heir ON COMMIT DROP AS
        SELECT DISTINCT ON (u.id) u.id, u.created, u.seen AS seen_before, u.whole AS mine, l.import_id,
               l.merged_at, l.seen, l.whole
        FROM undone u JOIN later l USING (id)
        WHERE u.fate IN ('import', 'decision') AND (l.seen OR NOT u.created)
        ORDER BY u.id, l.merged_at, l.import_id
        """
    )
    await held.execute("ANALYZE heir")
    await held.execute(
        """DELETE FROM exposure_before b USING heir h, later l
           WHERE h.created AND l.id = h.id AND l.merged_at <= h.merged_at
             AND b.vulnerability_id = h.id AND b.import_id = l.import_id"""
    )
    await held.execute(
        """UPDATE exposure_before x SET evidence = n.evidence FROM heir h JOIN exposure_before n
             ON n.vulnerability_id = h.id AND n.import_id = h.import_id
           WHERE h.mine AND x.vulnerability_id = h.id AND x.import_id = $1 AND x.evidence IS NULL""",
        import_id,
    )
    await held.execute(
        """DELETE FROM exposure_before n USING heir h
           WHERE h.mine AND n.vulnerability_id = h.id AND n.import_id = h.import_id"""
    )
    await held.execute(
        """UPDATE exposure_before x SET import_id = h.import_id FROM heir h
           WHERE h.mine AND x.vulnerability_id = h.id AND x.import_id = $1""",
        import_id,
    )
    await held.execute(
        """UPDATE exposure_before n SET last_seen = least(n.last_seen, h.seen_before) FROM heir h
           WHERE NOT h.mine AND NOT h.created AND n.vulnerability_id = h.id AND n.import_id = h.import_id"""
    )
    await held.execute(
        """
        UPDATE exposure_sighting s SET last_seen = n.last_seen FROM (
            SELECT s.id, array_agg(CASE WHEN h.id IS NULL THEN u.seen ELSE h.seen_before END ORDER BY u.place)
                       AS last_seen
            FROM exposure_sighting s
            CROSS JOIN unnest(s.vulnerabilities, s.last_seen) WITH ORDINALITY AS u(id, seen, place)
            LEFT JOIN heir h ON h.id = u.id AND h.import_id = s.import_id
            WHERE s.import_id IN (SELECT import_id FROM heir)
            GROUP BY s.id HAVING bool_or(h.id IS NOT NULL)
        ) n WHERE n.id = s.id
        """
    )
