"""Files that a job hands to the module that imports them, within its own run."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from threatweaver.http import upload
from threatweaver.http.upload import SpooledFile
from threatweaver.jobs.importer import FileImporter
from threatweaver.jobs.run import JobRun, call


async def hand_in(run: JobRun, name: str, chunks: Callable[[], AsyncIterator[bytes]]) -> Any:
    """Have a report that a module writes imported, and return what the import says; None if nobody imports.

    For jobs of `Scope.NONE`. `chunks()` is read in a transaction of the tenant, so that it may yield what it
    reads from there; the import is another one. `name` is what the report is called. Modules so tell each
    other what they found without knowing each other: the one that writes brings an `ImportParser` of its own.
    Safe to run twice: the same content again changes nothing. Raises ApiError when the report is refused.
    """
    importers = run.kernel.registry.file_importers
    if not importers:
        return None
    limit = importers[0].max_bytes(run.settings)
    async with run.database.tenant(run.schema, read_only=True):
        spooled = await upload.spool_chunks(name, chunks(), run.kernel.settings.spool, limit)
    return await take(run, importers[0], spooled)


async def take(run: JobRun, importer: FileImporter, file: SpooledFile) -> Any:
    """Have a spooled file imported as a part of this run, outside of any scope; the file goes."""
    try:
        async with run.database.tenant(run.schema):
            payload = await importer.prepare(file, run.id)
        return await call(importer.job, run, payload)
    finally:
        file.discard()
