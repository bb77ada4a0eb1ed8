"""Reads of what a merge or a revert is about to change."""

from collections.abc import Sequence

import asyncpg

from threatweaver.sdk import connection, severity_name
from threatweaver_exposure.history.queries import STATE_NAME


async def changes(*, most: int) -> Sequence[asyncpg.Record]:
    """Return what the merge of this transaction changed in vulnerabilities, the worst first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT c.action, a.name AS "assetName", coalesce(d.check_id, d.plugin_id::text) AS "check",
                   d.name, {severity_name("c.severity")} AS severity, v.port, v.protocol, v.location
            FROM vulnerability_change c JOIN exposure_vulnerability v ON v.id = c.id
            JOIN exposure_definition d ON d.id = v.definition_id JOIN exposure_asset a ON a.id = v.asset_id
            WHERE c.action IN ('created', 'updated', 'reopened', 'closed')
            ORDER BY c.severity DESC, c.action, a.name, d.name, v.id LIMIT $1""",
        most,
    )
    return rows


async def kept(*, most: int) -> Sequence[asyncpg.Record]:
    """Return what the revert of this transaction left as it is and why, the worst first."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT u.id::text AS id, a.name AS "assetName", d.name, {severity_name("v.severity")} AS severity,
                   {STATE_NAME.format(state="v.state")} AS state, u.fate AS because,
                   (SELECT l.import_id::text FROM later l WHERE l.id = u.id
                    ORDER BY l.merged_at LIMIT 1) AS "importId"
            FROM undone u JOIN exposure_vulnerability v USING (id)
            JOIN exposure_definition d ON d.id = v.definition_id JOIN exposure_asset a ON a.id = v.asset_id
            WHERE u.fate IN ('import', 'decision') ORDER BY v.severity DESC, a.name, d.name, u.id LIMIT $1""",
        most,
    )
    return rows
