"""Keeping, releasing, deleting and sweeping refused records. No request, no schema, no status code."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver import log
from threatweaver.admin.quarantine import files, queries
from threatweaver.admin.quarantine.declaration import Rejected
from threatweaver.admin.quarantine.errors import DataGone, NotReleasable
from threatweaver.admin.quarantine.models import Quarantined
from threatweaver.http import upload
from threatweaver.http.errors import NotFound
from threatweaver.jobs.handing import take
from threatweaver.jobs.run import JobRun

if TYPE_CHECKING:
    from threatweaver.config import Settings
    from threatweaver.jobs.importer import FileImporter
    from threatweaver.kernel import Kernel

_log = log.get(__name__)


async def quarantine(run: JobRun, record: Rejected) -> UUID:
    """Keep a record that the job refuses, in transactions of its own; return its id in the quarantine.

    The job raises its own error next, which rolls back what it wrote, but not this. The row comes before the
    data: a file without a row is one that may go.
    """
    record = replace(record, name=upload.clean_name(record.name), message=_plain(record.message))
    async with run.database.tenant(run.schema):
        record_id = await queries.upsert(record, run.id)
    settings = run.kernel.settings
    target = files.path_of(settings, run.tenant_id, record_id)
    try:
        stored = await asyncio.to_thread(files.keep, record.path, target, settings.quarantine_max_bytes)
    except OSError as error:  # a full disk must not hide why the record was refused
        _log.warning("quarantine_without_data", record=str(record_id), exc_info=error)
        return record_id
    async with run.database.tenant(run.schema):
        await queries.set_stored([record_id], stored)
    return record_id


def _plain(message: str) -> str:
    return message.replace("\0", "").encode("utf-8", "replace").decode()[:2000]


async def find(record_id: UUID) -> Quarantined:
    """Return a record of this tenant. Raises NotFound."""
    record = await Quarantined.get_or_none(id=record_id)
    if record is None:
        raise NotFound
    return record


async def data_of(settings: "Settings", tenant_id: UUID, record: Quarantined) -> Path:
    """Return where the data of a record lies. Raises DataGone."""
    path = files.path_of(settings, tenant_id, record.id)
    if not await asyncio.to_thread(path.is_file):
        raise DataGone
    return path


def importer_of(kernel: "Kernel", record: Quarantined) -> "FileImporter":
    """Return what tries a record again. Raises NotReleasable, LicenseLocked, LicenseReadOnly."""
    kernel.license.check(writes=True)  # it is the module that writes, whoever asks for it
    importers = {item.job.name: item for item in kernel.registry.file_importers}
    if record.source not in importers:
        raise NotReleasable("No licensed module takes records of this source.")
    if record.stored_bytes < record.size:
        raise NotReleasable("The data was not kept whole; send it again.")
    return importers[record.source]


async def release(run: JobRun, record_id: UUID) -> Any:
    """Hand a record to the importer that refused it and return its result; then the record goes.

    Outside of any scope. Raises NotFound, DataGone, NotReleasable, and what the importer raises.
    """
    kernel = run.kernel
    async with run.database.tenant(run.schema, read_only=True):
        record = await find(record_id)
    importer = importer_of(kernel, record)
    path = await data_of(kernel.settings, run.tenant_id, record)
    limit = importer.max_bytes(kernel.registry.settings)
    spooled = await upload.spool_file(path, kernel.settings.spool, limit)
    if spooled.sha256 != record.sha256:
        spooled.discard()
        raise NotReleasable("The data is not what was refused.")
    result = await take(run, importer, replace(spooled, filename=record.name))
    async with run.database.tenant(run.schema):
        await delete(kernel.settings, run.tenant_id, [record_id])
    return result


async def delete(settings: "Settings", tenant_id: UUID, ids: Sequence[UUID]) -> int:
    """Delete records with their data; return how many there were."""
    gone = await queries.delete(ids)
    await asyncio.to_thread(files.remove, settings, tenant_id, [str(item) for item in gone])
    return len(gone)


async def sweep(kernel: "Kernel", tenant_id: UUID, schema: str) -> None:
    """Remove files without a record, and note of records that their file is gone; outside of any scope.

    The files are listed first: a file is only ever made for a record that is there already.
    """
    found = await asyncio.to_thread(files.names, kernel.settings, tenant_id)
    async with kernel.database.tenant(schema):
        known = await queries.stored()
        lost = [
            record_id
            for record_id, stored in known.items()
            if stored
            and str(record_id) not in found
            and not files.path_of(kernel.settings, tenant_id, record_id).exists()
        ]
        if lost:
            await queries.set_stored(lost, 0)
    orphans = {name for name in found if name.removesuffix(".part") not in {str(item) for item in known}}
    await asyncio.to_thread(files.remove, kernel.settings, tenant_id, orphans)
