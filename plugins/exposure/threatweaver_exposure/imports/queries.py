"""Reads of what a merge is about to change."""

from collections.abc import Sequence

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.severity import sql_name


async def changes(*, most: int) -> Sequence[asyncpg.Record]:
    """Return what the merge of this transaction changed in vulnerabilities, the worst first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT c.action, a.name AS "assetName", coalesce(d.check_id, d.plugin_id::text) AS "check",
                   d.name, {sql_name("c.severity")} AS severity, v.port, v.protocol, v.location
            FROM vulnerability_change c JOIN exposure_vulnerability v ON v.id = c.id
            JOIN exposure_definition d ON d.id = v.definition_id JOIN exposure_asset a ON a.id = v.asset_id
            WHERE c.action IN ('created', 'updated', 'reopened', 'closed')
            ORDER BY c.severity DESC, c.action, a.name, d.name, v.id LIMIT $1""",
        most,
    )
    return rows
