"""The feed: the events of history and the tombstones of what is gone, in the order of their commits."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection, severity_name
from threatweaver_exposure.assets.queries import WITHIN
from threatweaver_exposure.history.queries import STATE_NAME

_SHOWN = f"($3::uuid[] IS NULL OR {WITHIN.format(asset='{}', ids='$3')})"
_AFTER = f"""
SELECT * FROM (
    (SELECT e.id AS cursor, e.at, 'vulnerability' AS entity, e.action = 'withdrawn' AS deleted, e.action,
            e.vulnerability_id AS "vulnerabilityId", v.asset_id AS "assetId",
            {STATE_NAME.format(state="e.state")} AS state, {severity_name("e.severity")} AS severity,
            e.risk_score AS "riskScore", e.import_id AS "importId", e.actor_id AS "actorId"
     FROM exposure_event e JOIN (SELECT id, asset_id FROM exposure_vulnerability UNION ALL
         SELECT id, asset_id FROM exposure_withdrawn) v ON v.id = e.vulnerability_id
     WHERE e.id > $1 AND e.id <= $2 AND {_SHOWN.replace("{}", "v.asset_id")}
     ORDER BY e.id LIMIT $4)
    UNION ALL
    (SELECT t.cursor, t.at, t.entity, true, t.action,
            CASE WHEN t.entity = 'vulnerability' THEN t.entity_id END, t.asset_id,
            NULL, NULL, NULL, t.import_id, NULL
     FROM exposure_tombstone t WHERE t.cursor > $1 AND t.cursor <= $2 AND {_SHOWN.replace("{}", "t.asset_id")}
     ORDER BY t.cursor LIMIT $4)
) c ORDER BY cursor LIMIT $4"""


async def after(cursor: int, *, until: int, most: int, within: list[UUID] | None) -> Sequence[asyncpg.Record]:
    """Return the changes after a cursor, up to and with another one, in the order of their commits.

    That order is the order of their cursors: whoever changes vulnerabilities of a tenant waits for its turn.
    """
    rows: Sequence[asyncpg.Record] = await connection().fetch(_AFTER, cursor, until, within, most)
    return rows


async def newest() -> int:
    """Return the cursor of the latest change, 0 before the first: all up to it are committed."""
    found: int = await connection().fetchval(
        """SELECT greatest((SELECT max(id) FROM exposure_event), (SELECT max(cursor) FROM exposure_tombstone),
                           (SELECT forgotten FROM exposure_feed), 0)"""
    )
    return found


async def forgotten() -> int:
    """Return up to which cursor tombstones are not there any more."""
    return int(await connection().fetchval("SELECT coalesce(max(forgotten), 0) FROM exposure_feed"))


async def bury(entity: str, gone: str, *, action: str, import_id: UUID | None) -> None:
    """Leave a tombstone for each row of a query (id, asset_id). The caller has serialized."""
    await connection().execute(
        f"""INSERT INTO exposure_tombstone (id, at, entity, entity_id, asset_id, action, import_id)
            SELECT uuid7(), clock_timestamp(), $1, g.id, g.asset_id, $2, $3 FROM ({gone}) g""",
        entity,
        action,
        import_id,
    )


async def forget() -> None:
    """Note how far the tombstones reach that are about to be deleted, in the table `removal` (id)."""
    await connection().execute(
        """INSERT INTO exposure_feed AS f (id, forgotten)
           SELECT 1, max(cursor) FROM exposure_tombstone JOIN removal USING (id) HAVING count(*) > 0
           ON CONFLICT (id) DO UPDATE SET forgotten = greatest(f.forgotten, EXCLUDED.forgotten)"""
    )
