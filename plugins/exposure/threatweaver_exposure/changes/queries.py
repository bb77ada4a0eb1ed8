"""Reads of the feed."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.assets.queries import WITHIN
from threatweaver_exposure.history.queries import STATE_NAME
from threatweaver_exposure.severity import sql_name


async def after(cursor: int, *, most: int, within: list[UUID] | None) -> Sequence[asyncpg.Record]:
    """Return the changes after a cursor, in the order of their commits.

    That order is the order of their ids: whoever changes vulnerabilities of a tenant waits for its turn.
    """
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT e.id::text AS cursor, e.at, e.action, e.vulnerability_id AS "vulnerabilityId",
                   v.asset_id AS "assetId", {STATE_NAME.format(state="e.state")} AS state,
                   {sql_name("e.severity")} AS severity, e.risk_score AS "riskScore",
                   e.import_id AS "importId", e.actor_id AS "actorId"
            FROM exposure_event e JOIN (SELECT id, asset_id FROM exposure_vulnerability UNION ALL
                SELECT id, asset_id FROM exposure_withdrawn) v ON v.id = e.vulnerability_id
            WHERE e.id > $1 AND ($2::uuid[] IS NULL OR {WITHIN.format(asset="v.asset_id", ids="$2")})
            ORDER BY e.id LIMIT $3""",
        cursor,
        within,
        most,
    )
    return rows
