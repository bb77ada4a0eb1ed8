"""What is older than a moment, and its removal; in the scope that a class lives in."""

from datetime import datetime
from uuid import UUID

from threatweaver.admin.retention.declaration import DataClass
from threatweaver.db.transaction import connection
from threatweaver.resource.listing import Listing

RUNS = Listing(
    source="retention_run",
    columns={"id": "id", "startedBy": "started_by", "finishedAt": "finished_at", "removed": "removed"},
    sort={"finishedAt": "finished_at"},
    default_sort="-finishedAt",
    objects=frozenset({"removed"}),
)


def _old(kind: DataClass) -> str:
    """Return the condition: $1 is the moment, $2 the tenant's id."""
    owner = "tenant_id = $2" if kind.shared else "$2::uuid IS NOT NULL"
    return f"({kind.where}) AND {kind.age} < $1 AND {owner}"


async def count(kind: DataClass, tenant_id: UUID, before: datetime) -> int:
    """Return how many rows of the class are older."""
    query = f'SELECT count(*) FROM "{kind.table}" WHERE {_old(kind)}'
    return int(await connection().fetchval(query, before, tenant_id))


async def mark(kind: DataClass, tenant_id: UUID, before: datetime) -> None:
    """Put the ids of what is older into the temporary table `removal`."""
    held = connection()
    await held.execute("CREATE TEMPORARY TABLE removal (id uuid PRIMARY KEY) ON COMMIT DROP")
    await held.execute(
        f'INSERT INTO removal SELECT id FROM "{kind.table}" WHERE {_old(kind)}', before, tenant_id
    )
    await held.execute("ANALYZE removal")
    if kind.removing is not None:
        await kind.removing()


async def remove(kind: DataClass) -> int:
    """Delete what is marked and what belongs to it; return the number of rows without those."""
    for table, column in (*kind.children, (kind.table, "id")):
        status = await connection().execute(
            f'DELETE FROM "{table}" t USING removal r WHERE t."{column}" = r.id'
        )
    return int(status.split()[-1])
