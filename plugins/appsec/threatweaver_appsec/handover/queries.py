"""Reads of what stands open at a host."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection
from threatweaver_appsec.findings.models import ACCEPTED, ACTIVE

_HOST = r"lower(substring({}.base_url from '^[a-z]+://(?:[^/@]*@)?(\[[^\]]*\]|[^/:]+)'))"
_STANDING = f"""
SELECT f.fingerprint, f.agent, f.title, f.severity, f.cwe, f.place, f.parameter, f.url, f.says, f.description,
       f.remedy, t.base_url
FROM appsec_target t JOIN appsec_finding f ON f.target_id = t.id
WHERE {_HOST.format("t")} = $1 AND f.status = ANY($2) AND NOT f.suppressed
ORDER BY f.agent, f.fingerprint, f.id"""


async def host_of(target_id: UUID) -> str | None:
    """Return the host of a target, IPv6 in brackets; None if the target is gone."""
    found: str | None = await connection().fetchval(
        f"SELECT {_HOST.format('t')} FROM appsec_target t WHERE t.id = $1", target_id
    )
    return found


async def host_in(base_url: str) -> str | None:
    """Return the host of a URL, as `host_of` does."""
    found: str | None = await connection().fetchval(
        f"SELECT {_HOST.format('t')} FROM (SELECT $1::text AS base_url) t", base_url
    )
    return found


async def now() -> datetime:
    """Return as of when this transaction reads."""
    found: datetime = await connection().fetchval("SELECT now()")
    return found


async def standing(host: str) -> AsyncIterator[asyncpg.Record]:
    """Yield every finding of every target of a host that nobody calls fixed, false or a duplicate."""
    async for row in connection().cursor(_STANDING, host, [*ACTIVE, ACCEPTED]):
        yield row
