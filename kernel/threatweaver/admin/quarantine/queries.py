"""Reads and writes of the quarantine, in the tenant's scope."""

from collections.abc import Sequence
from uuid import UUID

from marshmallow import fields

from threatweaver.admin.quarantine.declaration import Rejected
from threatweaver.db.transaction import connection
from threatweaver.ids import uuid7
from threatweaver.resource.listing import Listing, Where, any_of

LISTING = Listing(
    source="quarantine",
    columns={
        "id": "id",
        "source": "source",
        "code": "code",
        "message": "message",
        "line": "line",
        "name": "name",
        "size": "size",
        "sha256": "sha256",
        "storedBytes": "stored_bytes",
        "times": "times",
        "jobId": "job_id",
        "rejectedAt": "rejected_at",
    },
    where=(
        any_of("source", fields.String()),
        any_of("code", fields.String()),
        Where("from", fields.AwareDateTime(), "rejected_at >= {}"),
        Where("to", fields.AwareDateTime(), "rejected_at < {}"),
    ),
    sort={"rejectedAt": "rejected_at", "size": "size"},
    default_sort="-rejectedAt",
)


async def upsert(record: Rejected, job_id: UUID) -> UUID:
    """Note a refused record, or that the same data was refused again; return its id."""
    found: UUID = await connection().fetchval(
        """INSERT INTO quarantine AS q (id, source, code, message, line, name, size, sha256, stored_bytes,
                                        times, job_id, rejected_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 1, $9, now())
           ON CONFLICT (source, sha256) DO UPDATE SET
               code = EXCLUDED.code, message = EXCLUDED.message, line = EXCLUDED.line, name = EXCLUDED.name,
               job_id = EXCLUDED.job_id, rejected_at = now(),
               times = q.times + (q.job_id <> EXCLUDED.job_id)::int
           RETURNING id""",
        uuid7(),
        record.source,
        record.code,
        record.message,
        record.line,
        record.name,
        record.size,
        record.sha256,
        job_id,
    )
    return found


async def set_stored(ids: Sequence[UUID], stored: int) -> None:
    """Note how many bytes of the records' data are there."""
    await connection().execute("UPDATE quarantine SET stored_bytes = $2 WHERE id = ANY($1)", ids, stored)


async def delete(ids: Sequence[UUID]) -> list[UUID]:
    """Delete records; return the ids of those that were there."""
    rows = await connection().fetch("DELETE FROM quarantine WHERE id = ANY($1) RETURNING id", ids)
    return [row["id"] for row in rows]


async def stored() -> dict[UUID, int]:
    """Return id → bytes that are there, of every record."""
    rows = await connection().fetch("SELECT id, stored_bytes FROM quarantine")
    return {row["id"]: row["stored_bytes"] for row in rows}
