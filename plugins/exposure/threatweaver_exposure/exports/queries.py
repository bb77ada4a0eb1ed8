"""Reads of exports, the statements that fill them, and the writes that must see nobody in between."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

import asyncpg
from marshmallow import fields, validate

from threatweaver.sdk import Listing, Where, any_of, connection
from threatweaver_exposure.exports.layouts import LAYOUTS
from threatweaver_exposure.exports.resources import RESOURCES, filters_of

KEPT = "interval '7 days'"
_QUIET = "interval '1 day'"  # longer than every attempt of the job together
_STATES = ("queued", "running", "completed", "failed", "cancelled")
COLUMNS = {
    "id": "e.id",
    "resource": "e.resource",
    "format": "e.format",
    "filter": "e.filters::text",
    "limited": "e.within IS NOT NULL",
    "state": "e.state",
    "rows": "e.row_count",
    "bytes": "e.size",
    "createdBy": "e.created_by",
    "createdAt": "e.created_at",
    "startedAt": "e.started_at",
    "finishedAt": "e.finished_at",
    "expiresAt": f"e.created_at + {KEPT}",
}
# The handler says who may see what: `owner` None is everybody's, a scope None is every row of a list.
LISTING = Listing(
    source="exposure_export e",
    columns=COLUMNS,
    id="e.id",
    always=f"e.created_at > now() - {KEPT}",
    within="e.within <@ {}::uuid[]",
    where=(
        any_of("resource", fields.String(validate=validate.OneOf(list(RESOURCES))), column="e.resource"),
        any_of("format", fields.String(validate=validate.OneOf(list(LAYOUTS))), column="e.format"),
        any_of("state", fields.String(validate=validate.OneOf(_STATES)), column="e.state"),
        Where("owner", None, "e.created_by = {}"),
        Where("vulnerabilities", None, "(e.resource <> 'vulnerabilities' OR e.within <@ {}::uuid[])"),
        Where("assets", None, "(e.resource <> 'assets' OR e.within <@ {}::uuid[])"),
    ),
    sort={"createdAt": "e.created_at"},
    default_sort="-createdAt",
    objects=frozenset({"filter"}),
)


def rows(
    resource: str, filters: Mapping[str, Any], spelled: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, list[Any]]:
    """Return the statement for every row of a list that filters match, in the list's order.

    `spelled` has other expressions for some of the columns.
    """
    listing = RESOURCES[resource].listing(filters)
    where, values = listing.conditions(filters)
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in {**listing.columns, **spelled}.items())
    by, direction = listing.order(listing.default_sort)
    ordered = ", ".join(f"{column} {direction}" for column in by)
    return f"SELECT {columns} FROM {listing.source} WHERE {where} ORDER BY {ordered}", values


async def written(
    resource: str, filters: Mapping[str, Any], spelling: Mapping[str, str]
) -> tuple[str, list[Any]]:
    """Return the same statement with each column as its type is spelled in a file."""
    plain = await connection().prepare(rows(resource, filters)[0])
    columns = RESOURCES[resource].listing(filters).columns
    spelled = {
        item.name: spelling[item.type.name].format(columns[item.name])
        for item in plain.get_attributes()
        if item.type.name in spelling
    }
    return rows(resource, filters, spelled)


def rules(resource: str, filters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the statement for the definitions of what filters match."""
    listing = RESOURCES[resource].listing(filters)
    where, values = listing.conditions(filters)
    return (
        f"""SELECT source, coalesce(check_id, plugin_id::text) AS "check", name, description, solution
            FROM exposure_definition
            WHERE id IN (SELECT v.definition_id FROM {listing.source} WHERE {where}) ORDER BY id""",
        values,
    )


async def count(resource: str, filters: Mapping[str, Any]) -> int:
    """Return how many rows the file will have."""
    return await RESOURCES[resource].listing(filters).count(filters)


def loaded(resource: str, filters: Mapping[str, Any], within: list[UUID] | None) -> dict[str, Any]:
    """Return filters as the list takes them, with the groups and tags that limit the asker."""
    return {**filters_of(resource).load(filters), **({} if within is None else {"within": within})}


async def chunks(export_id: UUID) -> Sequence[asyncpg.Record]:
    """Return what parts there are of an export's file."""
    found: Sequence[asyncpg.Record] = await connection().fetch(
        """SELECT number, size AS "bytes", sha256 FROM exposure_export_chunk
           WHERE export_id = $1 ORDER BY number""",
        export_id,
    )
    return found


async def data(export_id: UUID, number: int) -> bytes | None:
    """Return a part of an export's file, None when there is none of that number."""
    found: bytes | None = await connection().fetchval(
        "SELECT data FROM exposure_export_chunk WHERE export_id = $1 AND number = $2", export_id, number
    )
    return found


async def chunk_count(export_id: UUID) -> int:
    """Return how many parts a complete export's file has."""
    return int(
        await connection().fetchval("SELECT chunk_count FROM exposure_export WHERE id = $1", export_id)
    )


async def begin(export_id: UUID, attempt: int) -> None:
    """Give an export to an attempt of its job, without what the attempt before left."""
    await connection().execute(
        """UPDATE exposure_export
           SET state = 'running', attempt = $2, row_count = 0, size = 0, chunk_count = 0,
               started_at = now(), touched_at = now(), finished_at = NULL WHERE id = $1""",
        export_id,
        attempt,
    )
    await _drop_chunks(export_id)


async def add_chunk(
    export_id: UUID, attempt: int, *, number: int, rows_until: int, content: bytes, sha256: str
) -> bool:
    """Add a part of the file; False, and nothing, when the export is not this attempt's any more."""
    added = await connection().fetchval(
        """WITH held AS (
               UPDATE exposure_export
               SET row_count = $4, size = size + octet_length($5::bytea), chunk_count = $3, touched_at = now()
               WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING id)
           INSERT INTO exposure_export_chunk (export_id, number, size, sha256, data)
           SELECT id, $3, octet_length($5::bytea), $6, $5 FROM held RETURNING number""",
        export_id,
        attempt,
        number,
        rows_until,
        content,
        sha256,
    )
    return added is not None


async def settle(export_id: UUID, attempt: int, state: str) -> bool:
    """Give an export that an attempt writes its final state; parts stay of a complete one only."""
    settled = await connection().fetchval(
        """UPDATE exposure_export SET state = $3, finished_at = now()
           WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING id""",
        export_id,
        attempt,
        state,
    )
    if settled is not None and state != "completed":
        await _drop_chunks(export_id)
    return settled is not None


async def cancel(export_id: UUID) -> None:
    """Cancel an export that is not final; the attempt that writes it adds nothing more."""
    cancelled = await connection().fetchval(
        """UPDATE exposure_export SET state = 'cancelled', finished_at = now()
           WHERE id = $1 AND state IN ('queued', 'running') RETURNING id""",
        export_id,
    )
    if cancelled is not None:
        await _drop_chunks(export_id)


async def delete(export_id: UUID) -> None:
    """Delete an export with its file."""
    await connection().execute("DELETE FROM exposure_export WHERE id = $1", export_id)


async def expire() -> None:
    """Delete exports that were kept long enough; say failed of those that nobody works on any more."""
    await connection().execute(
        f"""WITH lost AS (
                UPDATE exposure_export SET state = 'failed', finished_at = now()
                WHERE state IN ('queued', 'running') AND touched_at < now() - {_QUIET} RETURNING id)
            DELETE FROM exposure_export_chunk WHERE export_id IN (SELECT id FROM lost)"""
    )
    await connection().execute(f"DELETE FROM exposure_export WHERE created_at < now() - {KEPT}")


async def _drop_chunks(export_id: UUID) -> None:
    await connection().execute("DELETE FROM exposure_export_chunk WHERE export_id = $1", export_id)
