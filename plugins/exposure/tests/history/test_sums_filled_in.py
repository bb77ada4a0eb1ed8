"""The migration that adds sums up: a tenant filled before it ends with what one has that came after."""

import pytest
from trend_story import four_days, scan

from threatweaver.db import migrate

# What the migration made, and the later ones, which come again after it.
_BEFORE = """
DROP TABLE exposure_flow_rollup, exposure_score_rollup, exposure_definition_rollup, exposure_written;
DROP FUNCTION exposure_written() CASCADE;
DROP FUNCTION exposure_trigrams(text), exposure_address(text), exposure_words(text, text, text, text) CASCADE;
DROP INDEX exposure_event_ended, exposure_vulnerability_first_of_each;
ALTER TABLE exposure_tag DROP COLUMN rule;
ALTER TABLE exposure_asset_group DROP COLUMN rule;
ALTER TABLE exposure_asset_tag DROP COLUMN by_rule;
ALTER TABLE exposure_asset_group_member DROP COLUMN by_rule;
ALTER TABLE exposure_saved_filter DROP COLUMN alert;
ALTER TABLE exposure_asset DROP COLUMN top_definition_id, DROP COLUMN second_score;
DELETE FROM tortoise_migrations WHERE app = 'exposure' AND name >= '0021';
"""
_SUMS = {
    "flow": ("day, created_on, born_severity, severity", "created, closed, returned, active"),
    "score": ("day, severity, risk_score", "active"),
    "definition": ("definition_id, severity, state", "total, risk_sum"),
}
_TOPS = "SELECT name, top_definition_id, second_score FROM exposure_asset ORDER BY name"


@pytest.fixture
async def lived(make_space):
    """Five days of creating, closing, returning and accepting, of two hosts; one import is taken back."""
    space = await make_space()
    await space.take(scan({1005: 3, 1006: 0}, at=1, name="10.0.0.2"))
    await four_days(space)
    await space.days_pass(1)
    await space.take(scan({1005: 4, 1007: 2}, at=6, name="10.0.0.2"))
    await space.take(scan({1001: 4, 1008: 1}, at=7))
    newest = (await space.get("/imports", limit=1))["data"][0]["id"]
    assert (await space.revert(newest))["withdrawn"] == 1
    return space


async def sums(space):
    """Every row that says something, in order."""
    found = {}
    for name, (key, counted) in _SUMS.items():
        query = f"SELECT {key}, {counted} FROM exposure_{name}_rollup WHERE 0 <> ANY(ARRAY[{counted}])"
        found[name] = sorted(tuple(map(str, row.values())) for row in await space.sql(query))
    return found


async def test_a_tenant_filled_before_ends_with_the_same_sums(lived):
    kept, tops = await sums(lived), await lived.sql(_TOPS)
    assert {name: len(rows) > 4 for name, rows in kept.items()} == dict.fromkeys(_SUMS, True)
    async with lived.kernel.database.owner(lived.tenant.schema) as unit:
        await unit.connection.execute(_BEFORE)
    apps = lived.kernel.registry.apps
    planned = await migrate.plan(lived.kernel.database, lived.tenant.schema, apps)
    assert planned[0].migration == "exposure.0021_sums"
    await migrate.migrate_tenant(lived.kernel.database, lived.tenant.schema, apps)
    assert (await sums(lived), await lived.sql(_TOPS)) == (kept, tops)
    await lived.take(scan({1002: 4, 1009: 2}, at=8))
    await lived.check()
