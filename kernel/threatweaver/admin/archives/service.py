"""Archiving, bringing back and deleting. No request, no schema, no status code."""

import asyncio
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.admin.archives import files, queries
from threatweaver.admin.archives.errors import ArchiveDamaged, NotRestorable
from threatweaver.admin.archives.models import Archive
from threatweaver.admin.retention import queries as retention
from threatweaver.admin.retention.declaration import DataClass
from threatweaver.db.transaction import connection
from threatweaver.http.errors import NotFound, Unprocessable
from threatweaver.zipped import writing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from threatweaver.config import Settings


def archivable(declared: "Mapping[str, DataClass]", name: str, before: datetime) -> DataClass:
    """Return the class, if what is older than `before` may be archived. Raises Unprocessable."""
    kind = declared.get(name)
    if kind is None or not _movable(kind):
        known = ", ".join(sorted(item.name for item in declared.values() if _movable(item)))
        raise Unprocessable(f"There is no such class of data to archive; there are {known}.")
    if before > datetime.now(UTC) - timedelta(days=kind.minimum_days):
        raise Unprocessable(f"What is younger than {kind.minimum_days} days stays in the database.")
    return kind


def _movable(kind: DataClass) -> bool:
    """Rows in the tenant's schema that are all there is: an archive holds rows and no files."""
    return not kind.shared and kind.removed is None


async def create(
    settings: "Settings", kind: DataClass, *, archive_id: UUID, tenant_id: UUID, before: datetime, by: UUID
) -> Archive:
    """Move what is older into a file; in the tenant's scope. The rows go only once the file is whole."""
    known = await Archive.get_or_none(id=archive_id)
    if known is not None:  # the worker died after its commit: a second run must not empty the file
        return known
    path = files.path_of(settings, tenant_id, archive_id)
    await retention.mark(kind, tenant_id, before)
    async with writing(path) as target:
        await queries.write_marked(kind, target)
    rows = await retention.remove(kind)
    size, digest = await files.measure(path)
    return await Archive.create(
        id=archive_id,
        data_class=kind.name,
        before=before,
        rows=rows,
        bytes=size,
        sha256=digest,
        created_by=by,
    )


async def find(archive_id: UUID) -> Archive:
    """Return an archive of this tenant. Raises NotFound."""
    archive = await Archive.get_or_none(id=archive_id)
    if archive is None:
        raise NotFound
    return archive


def restorable(declared: "Mapping[str, DataClass]", archive: Archive) -> DataClass:
    """Return the class of an archive that can be brought back. Raises NotRestorable."""
    kind = declared.get(archive.data_class)
    if kind is None or kind.removing is not None:
        raise NotRestorable
    return kind


async def restore(settings: "Settings", kind: DataClass, archive: Archive, tenant_id: UUID) -> int:
    """Insert an archive's rows again; return how many were not there. Raises ArchiveDamaged."""
    path = files.path_of(settings, tenant_id, archive.id)
    try:
        _, digest = await files.measure(path)
    except OSError:
        raise ArchiveDamaged from None
    if digest != archive.sha256:
        raise ArchiveDamaged
    with zipfile.ZipFile(path) as opened:
        rows = await queries.bring_back(kind, opened)
    await connection().execute("UPDATE archive SET restored_at = now() WHERE id = $1", archive.id)
    return rows


async def delete(settings: "Settings", archive_id: UUID, tenant_id: UUID) -> Archive:
    """Delete an archive and its file. Raises NotFound."""
    archive = await find(archive_id)
    await archive.delete()
    await asyncio.to_thread(files.path_of(settings, tenant_id, archive_id).unlink, missing_ok=True)
    return archive
