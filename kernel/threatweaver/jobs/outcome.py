"""Telling people how an import ended."""

from typing import Any

import asyncpg

from threatweaver.db.transaction import current
from threatweaver.jobs import store
from threatweaver.jobs.models import Status
from threatweaver.kernel import Kernel
from threatweaver.notify.events.catalog import IMPORT_COMPLETED, IMPORT_FAILED
from threatweaver.notify.events.service import raise_event
from threatweaver.severity import Severity


async def tell(kernel: Kernel, row: asyncpg.Record, status: Status, error: dict[str, Any] | None) -> None:
    """Raise the event of an import's end, last in the control transaction that ends it.

    An end that is written twice is one event: its key is the job.
    """
    importers = {importer.job.name for importer in kernel.registry.file_importers}
    if row["kind"] not in importers or status is Status.CANCELLED:
        return
    schema = await store.schema_of(row["tenant_id"])
    if schema is None:
        return
    await kernel.database.go_on_in_tenant(current(), schema)
    event = IMPORT_FAILED if error else IMPORT_COMPLETED
    await raise_event(
        kernel,
        event.name,
        title=f"An import failed: {error['message']}" if error else event.title,
        severity=Severity.MEDIUM if error else Severity.INFO,
        link=f"/jobs/{row['id']}",
        data={"jobId": str(row["id"]), **({"code": error["code"]} if error else {})},
        key=str(row["id"]),
    )
