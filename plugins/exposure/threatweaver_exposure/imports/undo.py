"""What an import finds before it changes it: written beside the merge, read when it is reverted.

A sighting a host holds the ids of what was seen and when each had been seen before, which is all that most
rows of a repeated scan change. What changes more is copied whole.
"""

from threatweaver.sdk import connection

_BEFORE = """import_id, vulnerability_id, state, severity, risk_score, authenticated, last_seen, fixed_at,
    unobserved_since, evidence_digest"""
_OF_V = """(SELECT id FROM importing), v.id, v.state, v.severity, v.risk_score, v.authenticated, v.last_seen,
    v.fixed_at, v.unobserved_since, v.evidence_digest"""

REMEMBER_SEEN = """
INSERT INTO exposure_sighting (import_id, asset_id, source, seen_at, finished, created, before,
                               identifiers, added, vulnerabilities, last_seen)
SELECT g.id, m.asset_id, g.source, m.seen_at, m.finished, m.is_new, b.before,
       coalesce(i.named, '{}'), coalesce(i.added, '{}'),
       coalesce(c.ids, '{}'), coalesce(c.last_seen, '{}')
FROM (SELECT asset_id, max(seen_at) AS seen_at, bool_and(coalesce(finished, false)) AS finished,
             bool_or(is_new) AS is_new FROM matched GROUP BY asset_id) m
CROSS JOIN importing g
LEFT JOIN asset_now b USING (asset_id)
LEFT JOIN (SELECT m.asset_id, array_agg(DISTINCT i.kind || ' ' || i.value) AS named,
                  array_agg(DISTINCT i.kind || ' ' || i.value)
                      FILTER (WHERE n.asset_id IS NOT NULL) AS added
           FROM staged_identifier i JOIN matched m USING (host)
           LEFT JOIN identifier_new n USING (asset_id, kind, value)
           GROUP BY m.asset_id) i USING (asset_id)
LEFT JOIN (SELECT asset_id, array_agg(id) AS ids, array_agg(old_last_seen) AS last_seen
           FROM vulnerability_change GROUP BY asset_id) c USING (asset_id);
UPDATE exposure_import e SET merged_at = clock_timestamp() FROM importing i WHERE e.id = i.id;
"""
"""Notes what was seen, of vulnerability_change, matched and asset_now, before it is written."""
REMEMBER_CHANGED = f"""
INSERT INTO exposure_before ({_BEFORE}, evidence)
SELECT {_OF_V}, to_jsonb(e) - 'vulnerability_id'
FROM vulnerability_change c JOIN exposure_vulnerability v USING (id)
LEFT JOIN exposure_evidence e ON e.vulnerability_id = v.id AND c.evidence_changed
WHERE c.action IN ('updated', 'reopened')
   OR c.action = 'unchanged' AND c.seen_at > c.old_last_seen
      AND (v.unobserved_since IS NOT NULL OR v.authenticated <> c.authenticated);
"""
"""Notes of what was seen that which changes in more than when it was seen last."""
REMEMBER_MISSING = f"""
INSERT INTO exposure_before ({_BEFORE})
SELECT {_OF_V} FROM missing m JOIN exposure_vulnerability v USING (id) WHERE m.proven OR m.observed;
"""
"""Notes what is about to be closed or marked of the table `missing`."""


async def forget(days: int) -> int:
    """Drop what reverting needs of imports older than so many days; return of how many."""
    forgotten: str = await connection().execute(
        """
        WITH old AS (
            SELECT id FROM exposure_import WHERE merged_at < now() - make_interval(days => $1)
        ), before AS (
            DELETE FROM exposure_before b USING old WHERE b.import_id = old.id
        ), definitions AS (
            DELETE FROM exposure_definition_before b USING old WHERE b.import_id = old.id
        ), sightings AS (
            DELETE FROM exposure_sighting s USING old WHERE s.import_id = old.id RETURNING s.import_id
        )
        SELECT DISTINCT import_id FROM sightings
        """,
        days,
    )
    return int(forgotten.rsplit(" ", 1)[-1])
