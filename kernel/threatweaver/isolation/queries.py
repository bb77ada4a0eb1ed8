"""Reads of stored reports; in a control scope."""

from typing import Any
from uuid import UUID

from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing

_SHOWN = {
    "id": "id",
    "createdAt": "created_at",
    "version": "version",
    "passed": "passed",
    "leaks": "leaks",
    "calls": "calls",
}
LISTING = Listing(
    source="isolation_report", columns=_SHOWN, sort={"createdAt": "created_at"}, default_sort="-createdAt"
)


async def find(report_id: UUID) -> dict[str, Any] | None:
    """Return a report with its signed content; None when there is none."""
    signed = {**_SHOWN, "content": "content", "signature": "signature", "publicKey": "public_key"}
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in signed.items())
    row = await connection().fetchrow(f"SELECT {columns} FROM isolation_report WHERE id = $1", report_id)
    return dict(row) if row else None
