"""Reads of merges and splits, and of what an asset is and was known by."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from threatweaver.sdk import IDENTIFIER_KINDS, Listing, Where, connection
from threatweaver_exposure.history.queries import STATE_NAME

_WEIGHT = f"""({len(IDENTIFIER_KINDS)} + 1 - array_position(
    ARRAY[{", ".join(f"'{kind}'" for kind in IDENTIFIER_KINDS)}], {{}}::text))"""
# A later one that stands and has one of the assets, too: it has to be undone before.
LATER = """SELECT n.id FROM exposure_asset_merge n
    WHERE n.undone_at IS NULL AND n.created_at > m.created_at
      AND (n.others || n.asset_id) && (m.others || m.asset_id) ORDER BY n.created_at DESC LIMIT 1"""

LISTING = Listing(
    source="exposure_asset_merge m",
    columns={
        "id": "m.id",
        "kind": "m.kind",
        "assetId": "m.asset_id",
        "others": "m.others",
        "names": "m.names",
        "createdAt": "m.created_at",
        "createdBy": "m.created_by",
        "undoneAt": "m.undone_at",
        "undoneBy": "m.undone_by",
        "undoable": f"(m.undone_at IS NULL AND NOT EXISTS ({LATER}))",
    },
    id="m.id",
    where=(Where("of", None, "(m.asset_id = {} OR m.others @> ARRAY[{}::uuid])"),),
    sort={"createdAt": "m.created_at"},
    default_sort="-createdAt",
)


async def has_history(asset_id: UUID) -> bool:
    """Say whether an asset, there or not, was merged or split."""
    found: bool = await connection().fetchval(
        """SELECT EXISTS (SELECT 1 FROM exposure_asset_merge
                          WHERE asset_id = $1 OR others @> ARRAY[$1::uuid])""",
        asset_id,
    )
    return found


async def merged_into(asset_id: UUID) -> UUID | None:
    """Return the asset that one which is gone is part of now; None if it was not merged."""
    found: UUID | None = await connection().fetchval(
        """
        WITH RECURSIVE way(id, step) AS (
            SELECT $1::uuid, 0 UNION ALL (
            SELECT m.asset_id, w.step + 1 FROM way w JOIN exposure_asset_merge m ON m.others @> ARRAY[w.id]
            WHERE (m.kind = 'merge') = (m.undone_at IS NULL)
              AND NOT EXISTS (SELECT 1 FROM exposure_asset a WHERE a.id = w.id))
        )
        SELECT w.id FROM way w JOIN exposure_asset a ON a.id = w.id WHERE w.step > 0 LIMIT 1
        """,
        asset_id,
    )
    return found


async def identifiers(asset_id: UUID) -> Sequence[asyncpg.Record]:
    """Return what an asset is known by, the strongest first, then what it was known by until a split."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""
        SELECT k.kind, k.value, {_WEIGHT.format("k.kind")} AS weight, k.import_id AS "importId", i.filename,
               k.valid_from AS "validFrom", k.valid_to AS "validTo", k.moved_to AS "movedTo"
        FROM (
            SELECT kind, value, import_id, valid_from, NULL::timestamptz AS valid_to, NULL::uuid AS moved_to
            FROM exposure_asset_identifier WHERE asset_id = $1
            UNION ALL
            SELECT p.kind, p.value, p.import_id, p.valid_from, m.created_at, m.others[1]
            FROM exposure_asset_merge m,
                 jsonb_populate_recordset(NULL::exposure_asset_identifier, m.before -> 'moved') p
            WHERE m.asset_id = $1 AND m.kind = 'split' AND m.undone_at IS NULL
        ) k LEFT JOIN exposure_import i ON i.id = k.import_id
        ORDER BY k.valid_to DESC NULLS FIRST, weight DESC, k.value
        """,
        asset_id,
    )
    return rows


async def joins(*, most: int) -> Sequence[asyncpg.Record]:
    """Return which vulnerabilities the merge of this transaction made one, the worst first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT v.id::text AS id, d.name, v.port, v.protocol, v.location,
                   {STATE_NAME.format(state="v.state")} AS state,
                   ARRAY(SELECT {STATE_NAME.format(state="c.old_state")} FROM vulnerability_change c
                         JOIN joining j ON j.id = c.id WHERE j.into_id = v.id AND c.action <> 'rescored'
                         ORDER BY c.id <> v.id, c.id) AS states
            FROM outcome o JOIN exposure_vulnerability v USING (id)
            JOIN exposure_definition d ON d.id = v.definition_id
            ORDER BY v.severity DESC, d.name, v.id LIMIT $1""",
        most,
    )
    return rows


async def kept(*, most: int) -> Sequence[asyncpg.Record]:
    """Return what undoing a merge left as it became since and why, the worst first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT v.id::text AS id, v.asset_id::text AS "assetId", d.name,
                   {STATE_NAME.format(state="v.state")} AS state,
                   CASE WHEN t.import_id IS NULL THEN 'decision' ELSE 'import' END AS because,
                   t.import_id::text AS "importId"
            FROM coming_back r JOIN exposure_vulnerability v USING (id)
            JOIN exposure_definition d ON d.id = v.definition_id
            LEFT JOIN LATERAL (SELECT import_id FROM touching t WHERE t.id = r.id
                               ORDER BY t.merged_at DESC LIMIT 1) t ON true
            WHERE r.fate = 'kept' ORDER BY v.severity DESC, d.name, v.id LIMIT $1""",
        most,
    )
    return rows
