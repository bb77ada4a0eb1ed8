"""A tenant with enough rows that plans are those of large ones, and a look at the plans of what is asked."""

import json
from asyncio import sleep
from dataclasses import replace

from threatweaver import running
from threatweaver.http.answers import Answers
from threatweaver_exposure.dashboard import service as rollups

VULNERABILITIES, ASSETS, DEFINITIONS = 60_000, 600, 800
# A few definitions are severe, exploited or likely to be, most are not; each is on many assets.
_STOCK = f"""
INSERT INTO exposure_definition (source, plugin_id, name, family, synopsis, description, solution, see_also,
    cves, cwes, "references", epss_score, kev, digest, updated_at)
SELECT 'nessus', n, 'Flaw ' || n || ' of ' || (ARRAY['OpenSSL', 'Apache', 'Windows', 'Java'])[1 + n % 4], '',
       '', '', '', '{{}}', ARRAY['CVE-2024-' || 10000 + n], '{{}}', '{{}}', (n % 100) / 100.0, n % 40 = 0,
       md5(n::text)::uuid, now()
FROM generate_series(1, {DEFINITIONS}) n;
INSERT INTO exposure_definition_cve (definition_id, cve)
SELECT id, unnest(cves) FROM exposure_definition;
INSERT INTO exposure_asset (id, name, worst_severity, risk_score, open_critical, open_high, open_medium,
    open_low, open_info, first_seen, last_seen)
SELECT md5('asset' || n)::uuid, 'host-' || n, -1, 0, 0, 0, 0, 0, 0, now() - interval '90 days', now()
FROM generate_series(1, {ASSETS}) n;
INSERT INTO exposure_asset_rollup (worst_severity, assets, risk_sum) VALUES (-1, {ASSETS}, 0);
INSERT INTO exposure_day_asset_rollup (day, worst_severity, assets, risk_sum)
VALUES ((now() AT TIME ZONE 'UTC')::date, -1, {ASSETS}, 0);
INSERT INTO exposure_asset_identifier (asset_id, kind, value)
SELECT id, 'netbios', name FROM exposure_asset;
CREATE TEMPORARY TABLE stock ON COMMIT DROP AS
SELECT md5('vulnerability' || n)::uuid AS id, md5('asset' || 1 + n % {ASSETS})::uuid AS asset_id,
       d.id AS definition_id, 1 + n % 60000 AS port,
       (ARRAY[0, 0, 0, 1, 1, 2, 2, 2, 3, 4])[1 + d.id % 10] AS severity,
       (d.id * 7 + n) % 101 AS risk_score, now() - (n % 90) * interval '1 day' AS first_seen
FROM generate_series(1, {VULNERABILITIES}) n
JOIN exposure_definition d ON d.plugin_id = 1 + (n * 7919) % {DEFINITIONS};
INSERT INTO exposure_vulnerability (id, asset_id, definition_id, port, protocol, location, severity, state,
    risk_score, authenticated, first_seen, last_seen)
SELECT id, asset_id, definition_id, port, 'tcp', '', severity, 0, risk_score, false, first_seen,
       now() - (port % 24) * interval '1 hour'
FROM stock;
INSERT INTO vulnerability_change (id, asset_id, definition_id, severity, risk_score, first_seen, action)
SELECT id, asset_id, definition_id, severity, risk_score, first_seen, 'created' FROM stock"""
_CLOSED = """
WITH gone AS (
    UPDATE exposure_vulnerability SET state = 3, fixed_at = now() WHERE port % 200 = 0 RETURNING *
)
INSERT INTO vulnerability_change (id, asset_id, definition_id, severity, old_severity, risk_score,
                                  old_risk_score, old_state, first_seen, action)
SELECT id, asset_id, definition_id, severity, severity, risk_score, risk_score, 0, first_seen, 'closed'
FROM gone"""


async def stock(space):
    """Fill a tenant by the way that every change takes, close a few, and learn what there is."""
    for statement in (_STOCK, _CLOSED):
        async with space.kernel.database.tenant(space.tenant.schema) as unit:
            await rollups.changes_table()
            await unit.connection.execute(statement)
            await rollups.apply_changes()
    async with space.kernel.database.owner(space.tenant.schema) as unit:
        tables = await unit.connection.fetchval(  # of all schemas there are more than locks
            """SELECT string_agg(quote_ident(relname), ', ') FROM pg_class
               WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')"""
        )
        await unit.connection.execute(f"ANALYZE {tables}")


async def plans_of(space, ask):
    """The plans of every statement that `ask` runs in the tenant, as (statement, nodes)."""
    never_kept = replace(space.kernel, answers=Answers(most=0))
    with running.on(never_kept):
        return await _plans_of(space, ask)


async def _plans_of(space, ask):
    asked = []
    async with space.kernel.database.tenant(space.tenant.schema, read_only=True) as unit:
        held = unit.connection
        held.add_query_logger(note := lambda record: asked.append((record.query, record.args)))
        try:
            await ask()
            await sleep(0)  # a statement is logged at the loop's next turn
        finally:
            held.remove_query_logger(note)
        found = []
        for query, args in asked:
            if "exposure_" not in query:  # asyncpg, looking up a type
                continue
            told = await held.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *args)
            found.append((query, list(_nodes(json.loads(told)[0]["Plan"]))))
    assert found
    return found


def _nodes(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
