"""Reads of the sync's runs; what a run did is the sum of the imports that its chunks are."""

from datetime import timedelta
from uuid import UUID

import asyncpg
from marshmallow import fields, validate

from threatweaver.sdk import Listing, Where, any_of, connection
from threatweaver_exposure.sync.tenable import Kind

OVERLAP = timedelta(hours=1)
"""A run fetches anew what came in so long before the one before it: Tenable indexes with delay."""
STATES = ("queued", "running", "completed", "failed", "cancelled")
_QUIET = "interval '15 minutes'"  # longer than any wait: a run that is silent for so long has lost its worker
_ASSETS_SHARE = 20.0  # percent of a run that fetching assets is taken for
_COUNTS = ("created", "updated", "reopened", "unchanged", "closed")

COLUMNS = {
    "id": "r.id",
    "state": "r.state",
    "full": "r.since IS NULL",
    "since": "r.since",
    "createdBy": "r.created_by",
    "createdAt": "r.created_at",
    "startedAt": "r.started_at",
    "finishedAt": "r.finished_at",
    "durationSeconds": "extract(epoch FROM coalesce(r.finished_at, now()) - r.started_at)::float8",
    "error": "r.error",
    "message": "r.message",
    "assetsTotal": "r.assets_total",
    "findingsTotal": "r.findings_total",
    "assetsMerged": "d.assets_merged",
    "findingsMerged": "d.findings_merged",
    "records": "d.records",
    "refused": "d.refused",
    "assets": "d.assets",
    **{name: f"d.{name}" for name in _COUNTS},
}
LISTING = Listing(
    source=f"""exposure_sync_run r CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE c.kind = 'assets' AND c.export_id = r.assets_export) AS assets_merged,
               count(*) FILTER (WHERE c.kind = 'findings' AND c.export_id = r.findings_export)
                   AS findings_merged,
               coalesce(sum(c.records), 0)::int AS records, coalesce(sum(c.refused), 0)::int AS refused,
               {", ".join(f"coalesce(sum(i.{name}), 0)::int AS {name}" for name in _COUNTS)},
               (SELECT count(DISTINCT s.asset_id) FROM exposure_sync_chunk k
                JOIN exposure_sighting s USING (import_id) WHERE k.run_id = r.id)::int AS assets
        FROM exposure_sync_chunk c LEFT JOIN exposure_import i ON i.id = c.import_id
        WHERE c.run_id = r.id) d""",
    columns=COLUMNS,
    id="r.id",
    where=(any_of("state", fields.String(validate=validate.OneOf(STATES)), column="r.state"),),
    sort={"createdAt": "r.created_at"},
    default_sort="-createdAt",
)
CHUNKS = Listing(
    source="exposure_sync_chunk c JOIN exposure_import i ON i.id = c.import_id",
    columns={
        "id": "c.id",
        "kind": "c.kind",
        "exportId": "c.export_id",
        "number": "c.number",
        "importId": "c.import_id",
        "records": "c.records",
        "refused": "c.refused",
        "mergedAt": "c.merged_at",
        "revertedAt": "i.reverted_at",
        **{name: f"i.{name}" for name in _COUNTS},
    },
    id="c.id",
    where=(
        any_of("kind", fields.String(validate=validate.OneOf(list(Kind))), column="c.kind"),
        Where("run", None, "c.run_id = {}"),
    ),
    sort={"mergedAt": "c.merged_at"},
    default_sort="mergedAt",
)
REFUSALS = Listing(
    source="exposure_sync_refusal f JOIN exposure_sync_chunk c ON c.id = f.chunk_id",
    columns={
        "id": "f.id",
        "kind": "c.kind",
        "chunk": "c.number",
        "position": "f.position",
        "reason": "f.reason",
        "quarantineId": "f.quarantine_id",
        "mergedAt": "c.merged_at",
    },
    id="f.id",
    where=(
        any_of("kind", fields.String(validate=validate.OneOf(list(Kind))), column="c.kind"),
        Where("run", None, "c.run_id = {}"),
    ),
    sort={"mergedAt": "c.merged_at"},
    default_sort="mergedAt",
)


def percent(kind: str, merged: int, total: int | None) -> float:
    """Return how far a run is that has merged so many chunks of an export, 0 to 100."""
    share = merged / total if total else 0.0
    if kind == Kind.ASSETS:
        return _ASSETS_SHARE * share
    return _ASSETS_SHARE + (100 - _ASSETS_SHARE) * share


async def latest() -> asyncpg.Record | None:
    """Return the id and state of the newest run."""
    row: asyncpg.Record | None = await connection().fetchrow(
        "SELECT id, state FROM exposure_sync_run ORDER BY created_at DESC, id DESC LIMIT 1"
    )
    return row


async def give_up_lost() -> None:
    """Mark runs as failed whose worker is not heard of any more."""
    await connection().execute(
        f"""UPDATE exposure_sync_run
            SET state = 'failed', error = 'SYNC_LOST', finished_at = now(),
                message = 'Its worker was lost. It can be resumed.'
            WHERE state IN ('queued', 'running') AND touched_at < now() - {_QUIET}"""
    )


async def request_cancel() -> UUID | None:
    """Ask the active run to stop; return its id."""
    found: UUID | None = await connection().fetchval(
        """UPDATE exposure_sync_run SET cancel_requested = true
           WHERE state IN ('queued', 'running') RETURNING id"""
    )
    return found
