"""Reads of modules, in a control scope."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.db.transaction import Database, connection


async def disabled(database: Database) -> frozenset[str]:
    """Return the modules that operators switched off."""
    async with database.control(read_only=True):
        rows = await connection().fetch("SELECT module_id FROM module_switch")
    return frozenset(row["module_id"] for row in rows)


async def progress(versions: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Return for each app how many tenants have its tables at this version, and in how many a try failed."""
    rows = await connection().fetch(
        """SELECT a.app, count(*) FILTER (WHERE x.version = a.version) AS ready,
                  count(*) FILTER (WHERE x.version <> a.version AND x.error IS NOT NULL) AS failed,
                  count(*) AS total
           FROM unnest($1::text[], $2::text[]) AS a (app, version) CROSS JOIN tenant t
           LEFT JOIN tenant_app x ON x.tenant_id = t.id AND x.app = a.app
           GROUP BY a.app""",
        list(versions),
        list(versions.values()),
    )
    return {row["app"]: {name: row[name] for name in ("ready", "failed", "total")} for row in rows}


async def denied(tenant_id: UUID) -> set[str]:
    """Return the modules that a tenant may not use."""
    rows = await connection().fetch("SELECT module_id FROM tenant_module WHERE tenant_id = $1", tenant_id)
    return {row["module_id"] for row in rows}


async def failures(app: str, version: str) -> list[Mapping[str, Any]]:
    """Return the tenants in which the tables of an app could not be brought up, the latest try first."""
    rows: list[Mapping[str, Any]] = await connection().fetch(
        """SELECT t.id AS "tenantId", t.slug AS "tenantSlug", x.error, x.tried_at AS "triedAt"
           FROM tenant_app x JOIN tenant t ON t.id = x.tenant_id
           WHERE x.app = $1 AND x.version <> $2 AND x.error IS NOT NULL
           ORDER BY x.tried_at DESC LIMIT 500""",
        app,
        version,
    )
    return rows
