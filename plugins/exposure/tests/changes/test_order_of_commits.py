"""A change that is committed late is behind no cursor that was given before."""

import asyncio

from exposure_reports import Item

from threatweaver.db.transaction import connection
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.history import service as history


async def accept(space, plugin, written, may_commit):
    """Write the event of an acceptance, not having waited for its turn, and commit when it may."""
    async with space.kernel.database.tenant(space.tenant.schema):
        await rollups.changes_table()
        await connection().execute(
            """INSERT INTO vulnerability_change
                   (id, asset_id, definition_id, severity, old_severity, risk_score, old_risk_score,
                    old_state, first_seen, action)
               SELECT v.id, asset_id, definition_id, severity, severity, risk_score, risk_score, 0,
                      first_seen, 'accepted'
               FROM exposure_vulnerability v JOIN exposure_definition d ON d.id = v.definition_id
               WHERE d.plugin_id = $1""",
            plugin,
        )
        await history.record(await history.moment(), "2")
        written.set()
        await may_commit.wait()


async def test_of_two_transactions_the_later_number_is_never_seen_first(space, scan, followed):
    await space.take(scan(Item(), Item(plugin=1002)))
    _, cursor = await followed(space)
    first_wrote, first_may, second_wrote, at_once = (asyncio.Event() for _ in range(4))
    at_once.set()
    first = asyncio.create_task(accept(space, 1001, first_wrote, first_may))
    async with asyncio.timeout(30):
        await first_wrote.wait()
    second = asyncio.create_task(accept(space, 1002, second_wrote, at_once))
    await asyncio.wait({second}, timeout=0.5)  # its commit is what must not come first
    between = await space.get("/changes", cursor=cursor)
    first_may.set()
    await asyncio.gather(first, second)
    after = await space.get("/changes", cursor=between["nextCursor"])
    seen = [item["vulnerabilityId"] for item in between["data"] + after["data"]]
    by_plugin = {row["pluginId"]: row["id"] for row in await space.vulnerabilities()}
    assert seen == [by_plugin[1001], by_plugin[1002]]
