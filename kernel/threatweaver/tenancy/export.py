"""Everything of a tenant as one ZIP file: its tables as CSV, its people, its network rules and its jobs."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson

from threatweaver import __version__
from threatweaver.config import Settings
from threatweaver.db.transaction import CONTROL, Database, connection
from threatweaver.tenancy.models import Tenant
from threatweaver.zipped import ZipWriter, writing

# What the control schema knows about a tenant and its people can use; passwords and sessions are not theirs.
_CONTROL = {
    "members": f"""SELECT u.email, u.name, m.role, u.is_active, m.created_at, u.last_login_at
        FROM {CONTROL}.membership m JOIN {CONTROL}.user_account u ON u.id = m.user_id
        WHERE m.tenant_id = $1 ORDER BY u.email""",
    "network-rules": f"""SELECT kind, range, reason, expires_at, created_at
        FROM {CONTROL}.network_rule WHERE tenant_id = $1 ORDER BY created_at""",
    "jobs": f"""SELECT id, kind, status, result, error, created_at, finished_at
        FROM {CONTROL}.job WHERE tenant_id = $1 ORDER BY created_at""",
}
_SKIPPED = "tortoise_migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantExport:
    """A finished export; its id is that of the job that made it."""

    id: UUID
    bytes: int
    created_at: datetime


def folder(settings: Settings, tenant_id: UUID) -> Path:
    """Return where a tenant's exports are kept."""
    return settings.exports / str(tenant_id)


async def write(database: Database, tenant: Tenant, path: Path) -> dict[str, int]:
    """Write everything of a tenant as of one moment; return name → rows."""
    async with database.owner(tenant.schema) as unit, writing(path) as target:
        await unit.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        counts = {
            f"control/{name}": await target.rows(f"control/{name}", query, tenant.id)
            for name, query in _CONTROL.items()
        }
        for table in await _tables(tenant.schema):
            counts[f"data/{table}"] = await target.rows(f"data/{table}", f'SELECT * FROM "{table}"')
        await _about(target, tenant, counts)
    return counts


async def _tables(schema: str) -> list[str]:
    rows = await connection().fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename <> $2 ORDER BY 1",
        schema,
        _SKIPPED,
    )
    return [row["tablename"] for row in rows]


async def _about(target: ZipWriter, tenant: Tenant, counts: dict[str, int]) -> None:
    about = {
        "product": f"threatweaver {__version__}",
        "exportedAt": datetime.now(UTC),
        "tenant": {"id": tenant.id, "slug": tenant.slug, "name": tenant.name, "plan": tenant.plan},
        "schemaVersion": tenant.schema_version,
        "rows": counts,
    }
    await target.text("tenant.json", orjson.dumps(about, default=str, option=orjson.OPT_INDENT_2))


async def finished(settings: Settings, tenant_id: UUID) -> list[TenantExport]:
    """Return a tenant's exports, newest first."""
    found = await asyncio.to_thread(lambda: list(_finished(folder(settings, tenant_id))))
    return sorted(found, key=lambda item: item.created_at, reverse=True)


def _finished(place: Path) -> Iterator[TenantExport]:
    for path in place.glob("*.zip") if place.is_dir() else ():
        known = path.stat()
        yield TenantExport(
            id=UUID(path.stem),
            bytes=known.st_size,
            created_at=datetime.fromtimestamp(known.st_mtime, UTC),
        )


async def path_of(settings: Settings, tenant_id: UUID, export_id: UUID) -> Path | None:
    """Return the file of an export, None when there is none."""
    path = folder(settings, tenant_id) / f"{export_id}.zip"
    return path if await asyncio.to_thread(path.is_file) else None


async def delete(settings: Settings, tenant_id: UUID, export_id: UUID) -> bool:
    """Delete an export; return whether there was one."""
    path = await path_of(settings, tenant_id, export_id)
    if path is not None:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    return path is not None


async def forget(settings: Settings, tenant_id: UUID) -> None:
    """Delete every file of a tenant: its exports, its archives and what its imports refused."""
    owned = (settings.archives / str(tenant_id), settings.quarantine / str(tenant_id))
    for place in (folder(settings, tenant_id), *owned):
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
