"""A tenant with very many findings: one report that is imported, and copies that the database makes of it.

Copies have ids and names of their own, and everything that is counted is multiplied, so that lists, figures
and later imports find what as many reports would have left; without what scanners printed, and identifiers.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import growth
import importing
from generate_nessus import generate
from product import Product

SEED, PER_HOST = 7, 50
_FIRST = 50_000  # findings of the report
_ANOTHER = """(left({0}::text, 14) || regexp_replace(
    md5({0}::text || n), '^(...)(...)(.{{12}}).*', '7\\1-8\\2-\\3'))::uuid"""
"""The id that a copy n has: of the same moment, and so near the first one's in every index."""
_COUNTED = {
    "exposure_rollup": ("total",),
    "exposure_day_rollup": ("total",),
    "exposure_definition_rollup": ("total", "risk_sum"),
    "exposure_asset_rollup": ("assets", "risk_sum"),
    "exposure_day_asset_rollup": ("assets", "risk_sum"),
    "exposure_flow_rollup": ("created", "closed", "returned", "active"),
    "exposure_score_rollup": ("active",),
}


def fill(product: Product, folder: Path, findings: int) -> None:
    """Fill a new tenant with so many findings, a multiple of a report's."""
    times = max(1, findings // _FIRST)
    first = findings // times
    token, path = product.add_tenant(growth.LARGE.partition("@")[0]), folder / "first.nessus"
    generate(path, findings=first, hosts=max(1, first // PER_HOST), seed=SEED)
    importing.grow(product, path, token, findings=first)
    path.unlink()
    asyncio.run(multiply(product.dsn, times))


async def multiply(dsn: str, times: int) -> None:
    """Have every asset and its vulnerabilities so many times."""
    held = await asyncpg.connect(dsn)
    try:
        await held.execute("SELECT set_config('search_path', $1, false)", await schema_of(held))
        name = "left(name, 240) || '.' || n"
        await _copy(held, "exposure_asset", times, {"id": _ANOTHER.format("id"), "name": name})
        ids = {column: _ANOTHER.format(column) for column in ("id", "asset_id")}
        await _copy(held, "exposure_vulnerability", times, ids)
        for table, columns in _COUNTED.items():
            sums = ", ".join(f"{column} = {column} * {times}" for column in columns)
            await held.execute(f"UPDATE {table} SET {sums}")
        await held.execute("VACUUM ANALYZE")
    finally:
        await held.close()


async def _copy(held: asyncpg.Connection, table: str, times: int, changed: Mapping[str, str]) -> None:
    columns = await held.fetch(
        """SELECT attname::text FROM pg_attribute
           WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped""",
        table,
    )
    names = [f'"{name}"' for (name,) in columns]
    values = [changed.get(name, f'"{name}"') for (name,) in columns]
    await held.execute(
        f"""INSERT INTO {table} ({", ".join(names)})
            SELECT {", ".join(values)} FROM {table}, generate_series(1, {times - 1}) n"""
    )


async def schema_of(held: asyncpg.Connection) -> str:
    """Return the schema of the large tenant."""
    slug = growth.LARGE.partition("@")[0]
    return str(await held.fetchval("SELECT schema FROM control.tenant WHERE slug = $1", slug))
