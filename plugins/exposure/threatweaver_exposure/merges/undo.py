"""Undoing a merge: assets and findings are as they were, but for what was worked on since."""

from dataclasses import dataclass
from uuid import UUID

from threatweaver.sdk import connection

_VALUES = (
    "state",
    "severity",
    "authenticated",
    "last_seen",
    "fixed_at",
    "unobserved_since",
    "evidence_digest",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What undoing did, in vulnerabilities."""

    moved: int
    restored: int
    kept: int


async def undo(merge_id: UUID) -> Undone:
    """Part what a merge joined, and let all go back to its asset; makes coming_back and touching.

    A joined vulnerability that an import or a person changed since keeps what it became, on the asset that it
    came from; the others of the place are as they were before the merge. The assets are back already.
    """
    held = connection()
    await _look(merge_id)
    await _tell()
    await _write()
    await _find_imports(merge_id)
    await _hand_over()
    await held.execute("UPDATE exposure_asset_merge_item SET joined_to = NULL WHERE merge_id = $1", merge_id)
    counts = dict(await held.fetch("SELECT fate, count(*) FROM coming_back GROUP BY fate"))
    return Undone(
        moved=counts.get("moved", 0),
        restored=counts.get("restored", 0) + counts.get("parted", 0),
        kept=counts.get("kept", 0),
    )


async def _look(merge_id: UUID) -> None:
    """Make coming_back: fate is `moved`, or of what was joined `restored` (it stayed), `parted` or `kept`."""
    await connection().execute(
        """
        CREATE TEMPORARY TABLE coming_back ON COMMIT DROP AS
        SELECT b.*, i.joined_to, i.evidence, i.acceptance, i.before, v.asset_id AS old_asset_id,
               v.state AS old_state, v.severity AS old_severity, v.risk_score AS old_risk_score,
               CASE WHEN i.joined_to IS NOT NULL THEN 'parted'
                    WHEN i.evidence IS NULL THEN 'moved'
                    WHEN to_jsonb(v) @> i.after - ARRAY['risk_score', 'flaw'] THEN 'restored'
                    ELSE 'kept' END AS fate
        FROM exposure_asset_merge_item i
        LEFT JOIN exposure_vulnerability v ON v.id = i.vulnerability_id,
        LATERAL jsonb_populate_record(NULL::exposure_vulnerability, i.before) b
        WHERE i.merge_id = $1 AND (v.id IS NULL) = (i.joined_to IS NOT NULL)
        """,
        merge_id,
    )
    # At the place of one that was joined something else may be by now: it stays.
    await connection().execute(
        """DELETE FROM coming_back r USING exposure_vulnerability v
           WHERE r.fate = 'parted' AND v.id <> r.joined_to
             AND (v.asset_id, v.definition_id, v.port, v.protocol, v.location)
               = (r.asset_id, r.definition_id, r.port, r.protocol, r.location);
           CREATE UNIQUE INDEX ON coming_back (id); ANALYZE coming_back"""
    )


async def _tell() -> None:
    await connection().execute(
        """
        INSERT INTO vulnerability_change (id, asset_id, definition_id, severity, old_severity, risk_score,
                                          old_risk_score, old_state, first_seen, action, new_state)
        SELECT id, asset_id, definition_id,
               CASE WHEN fate IN ('moved', 'kept') THEN old_severity ELSE severity END, old_severity,
               coalesce(old_risk_score, risk_score), old_risk_score, old_state, first_seen,
               CASE WHEN fate IN ('moved', 'kept') THEN 'moved' ELSE 'restored' END, state
        FROM coming_back WHERE fate <> 'kept' OR asset_id <> old_asset_id
        """
    )


async def _write() -> None:
    held = connection()
    assignments = ", ".join(f"{name} = r.{name}" for name in _VALUES)
    await held.execute(
        f"""
        UPDATE exposure_vulnerability v SET asset_id = r.asset_id FROM coming_back r
        WHERE r.id = v.id AND v.asset_id <> r.asset_id;
        UPDATE exposure_vulnerability v SET {assignments} FROM coming_back r
        WHERE r.id = v.id AND r.fate = 'restored';
        DELETE FROM exposure_withdrawn w USING coming_back r WHERE r.fate = 'parted' AND w.id = r.id;
        INSERT INTO exposure_vulnerability
        SELECT n.* FROM coming_back r LEFT JOIN exposure_vulnerability v ON v.id = r.joined_to,
             LATERAL jsonb_populate_record(v, r.before) n
        WHERE r.fate = 'parted';

        DELETE FROM exposure_evidence e USING coming_back r
        WHERE e.vulnerability_id = r.id AND r.fate = 'restored';
        INSERT INTO exposure_evidence
        SELECT e.* FROM coming_back r, LATERAL jsonb_populate_record(NULL::exposure_evidence, r.evidence) e
        WHERE r.fate IN ('restored', 'parted');
        DELETE FROM exposure_acceptance x USING coming_back r
        WHERE x.vulnerability_id = r.id AND r.fate = 'restored';
        INSERT INTO exposure_acceptance
        SELECT x.* FROM coming_back r,
             LATERAL jsonb_populate_record(NULL::exposure_acceptance, r.acceptance) x
        WHERE r.fate IN ('restored', 'parted') AND r.acceptance IS NOT NULL;
        """
    )


async def _find_imports(merge_id: UUID) -> None:
    """Make touching(id, import_id, merged_at): imports that saw or changed what is kept since the merge."""
    await connection().execute(
        """
        CREATE TEMPORARY TABLE touching ON COMMIT DROP AS
        SELECT r.id, i.id AS import_id, i.merged_at FROM exposure_asset_merge m
        JOIN exposure_sighting s ON s.asset_id = m.asset_id
        JOIN exposure_import i ON i.id = s.import_id AND i.merged_at > m.created_at,
             unnest(s.vulnerabilities) AS u(id)
        JOIN coming_back r ON r.id = u.id AND r.fate = 'kept'
        WHERE m.id = $1
        UNION
        SELECT r.id, i.id, i.merged_at FROM exposure_asset_merge m, coming_back r
        JOIN exposure_before b ON b.vulnerability_id = r.id
        JOIN exposure_import i ON i.id = b.import_id
        WHERE m.id = $1 AND r.fate = 'kept' AND i.merged_at > m.created_at
        """,
        merge_id,
    )


async def _hand_over() -> None:
    """Let the first import that touched what is kept find there what was before the merge."""
    values = ", ".join(_VALUES)
    was = ", ".join(f"r.{name}" for name in _VALUES)
    assignments = ", ".join(f"{name} = EXCLUDED.{name}" for name in _VALUES)
    await connection().execute(
        f"""
        INSERT INTO exposure_before (import_id, vulnerability_id, risk_score, {values}, evidence)
        SELECT DISTINCT ON (r.id) t.import_id, r.id, r.risk_score, {was}, r.evidence - 'vulnerability_id'
        FROM coming_back r JOIN touching t USING (id) ORDER BY r.id, t.merged_at
        ON CONFLICT (vulnerability_id, import_id) DO UPDATE
        SET risk_score = EXCLUDED.risk_score, evidence = EXCLUDED.evidence, {assignments}
        """
    )
