"""Moving rows between the database and an archive's file; in the tenant's scope."""

import zipfile

from threatweaver.admin.archives import files
from threatweaver.admin.archives.errors import ArchiveDamaged
from threatweaver.admin.retention.declaration import DataClass
from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing
from threatweaver.zipped import ZipWriter

LISTING = Listing(
    source="archive",
    columns={
        "id": "id",
        "dataClass": "data_class",
        "before": "before",
        "rows": "rows",
        "bytes": "bytes",
        "sha256": "sha256",
        "createdAt": "created_at",
        "createdBy": "created_by",
        "restoredAt": "restored_at",
    },
    sort={"createdAt": "created_at"},
    default_sort="-createdAt",
)


async def write_marked(kind: DataClass, target: ZipWriter) -> None:
    """Write the rows that the temporary table `removal` names, and those that belong to them."""
    for table, column in ((kind.table, "id"), *kind.children):
        query = f'SELECT t.* FROM "{table}" t JOIN removal r ON r.id = t."{column}"'
        await target.rows(table, query)


async def bring_back(kind: DataClass, archive: zipfile.ZipFile) -> int:
    """Insert rows that are not there; return how many of the class itself. Raises ArchiveDamaged."""
    counts = [await _insert(table, archive) for table in (kind.table, *(name for name, _ in kind.children))]
    return counts[0]


async def _insert(table: str, archive: zipfile.ZipFile) -> int:
    names = await files.columns(archive, table)
    held = connection()
    known = await held.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
        table,
    )
    if not set(names) <= {row["attname"] for row in known}:
        raise ArchiveDamaged("The archive was written by another version of the product.")
    await held.execute(
        f'CREATE TEMPORARY TABLE returning_rows (LIKE "{table}" INCLUDING DEFAULTS) ON COMMIT DROP'
    )
    await held.copy_to_table(
        "returning_rows", source=files.content(archive, table), columns=names, format="csv", header=True
    )
    listed = ", ".join(f'"{name}"' for name in names)
    status = await held.execute(
        f'INSERT INTO "{table}" ({listed}) SELECT {listed} FROM returning_rows ON CONFLICT DO NOTHING'
    )
    await held.execute("DROP TABLE returning_rows")
    return int(status.split()[-1])
