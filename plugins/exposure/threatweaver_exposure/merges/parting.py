"""Findings of an asset that becomes two: they follow the identifiers that they were reported under."""

from collections.abc import Sequence
from uuid import UUID

from threatweaver.sdk import IDENTIFIER_KINDS, connection

# The assets that are this one by merges that stand, and what its vulnerabilities were before these.
_FAMILY = """family(id) AS (
    SELECT $1::uuid UNION
    SELECT unnest(m.others) FROM exposure_asset_merge m JOIN family f ON f.id = m.asset_id
    WHERE m.kind = 'merge' AND m.undone_at IS NULL
), sightable(id, root) AS (
    SELECT id, id FROM exposure_vulnerability WHERE asset_id = $1 UNION
    SELECT i.vulnerability_id, s.root FROM exposure_asset_merge_item i JOIN sightable s ON s.id = i.joined_to
)"""


async def part(merge_id: UUID, asset_id: UUID, new_id: UUID, moved: Sequence[str]) -> None:
    """Give a new asset the findings of the identifiers (`kind value`) that are to be its own.

    Each sighting is of the strongest identifier that its report named the asset by and the asset still has.
    A vulnerability that was seen under those that go, and no other, goes; one that was seen under both
    becomes two, the same at first; the rest stays. Makes parting(id, new_id, whole).
    """
    await _find(asset_id, moved)
    await _remember(merge_id)
    held = connection()
    await held.execute(
        """
        INSERT INTO vulnerability_change (id, asset_id, definition_id, severity, old_severity, risk_score,
                                          old_risk_score, old_state, first_seen, action, new_state)
        SELECT p.new_id, $1, v.definition_id, v.severity, v.severity, v.risk_score, v.risk_score,
               CASE WHEN p.whole THEN v.state END, v.first_seen,
               CASE WHEN p.whole THEN 'moved' ELSE 'split' END, v.state
        FROM parting p JOIN exposure_vulnerability v USING (id)
        """,
        new_id,
    )
    await held.execute(
        """UPDATE exposure_vulnerability v SET asset_id = $1
           FROM parting p WHERE p.id = v.id AND p.whole""",
        new_id,
    )
    await held.execute(
        """INSERT INTO exposure_vulnerability
           SELECT n.* FROM parting p JOIN exposure_vulnerability v USING (id),
                LATERAL jsonb_populate_record(v, jsonb_build_object('id', p.new_id, 'asset_id', $1::uuid)) n
           WHERE NOT p.whole""",
        new_id,
    )
    for table in ("exposure_evidence", "exposure_acceptance"):
        await held.execute(
            f"""INSERT INTO {table}
                SELECT n.* FROM parting p JOIN {table} t ON t.vulnerability_id = p.id,
                     LATERAL jsonb_populate_record(t, jsonb_build_object('vulnerability_id', p.new_id)) n
                WHERE NOT p.whole"""
        )


async def _find(asset_id: UUID, moved: Sequence[str]) -> None:
    held = connection()
    await held.execute(
        f"""
        CREATE TEMPORARY TABLE parting ON COMMIT DROP AS
        WITH RECURSIVE {_FAMILY}, named AS (
            SELECT s.vulnerabilities, (
                SELECT n.name = ANY($2::text[]) FROM unnest(s.identifiers) AS n(name)
                WHERE n.name = ANY($2::text[]) OR n.name IN (
                    SELECT kind || ' ' || value FROM exposure_asset_identifier WHERE asset_id = $1)
                ORDER BY array_position($3::text[], split_part(n.name, ' ', 1)), n.name = ANY($2::text[])
                LIMIT 1) AS goes
            FROM exposure_sighting s WHERE s.asset_id IN (SELECT id FROM family)
        )
        SELECT s.root AS id, bool_and(n.goes) AS whole
        FROM named n, unnest(n.vulnerabilities) AS u(id) JOIN sightable s ON s.id = u.id
        GROUP BY 1 HAVING bool_or(n.goes)
        """,
        asset_id,
        list(moved),
        list(IDENTIFIER_KINDS),
    )
    await held.execute(
        """ALTER TABLE parting ADD new_id uuid;
           UPDATE parting SET whole = coalesce(whole, false),
                              new_id = CASE WHEN whole THEN id ELSE uuid7() END"""
    )


async def _remember(merge_id: UUID) -> None:
    await connection().execute(
        """INSERT INTO exposure_asset_merge_item (merge_id, vulnerability_id, before)
           SELECT $1, p.new_id, CASE WHEN p.whole THEN to_jsonb(v) END
           FROM parting p JOIN exposure_vulnerability v USING (id)""",
        merge_id,
    )
