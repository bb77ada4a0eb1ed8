"""An import whose worker or database is killed in the middle ends as if nothing had happened."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest
from e2e_product import Product, start, wait_until

FINDINGS = 5_000
PICKED_UP_WITHIN = 20  # seconds: heartbeat timeout, poll and a worker's start on a busy machine


@pytest.fixture(scope="module")
def big(report):
    return report(hosts=100, findings=FINDINGS)


@pytest.fixture(scope="module")
def undisturbed(shared_home, big):
    """What an import leaves that nobody disturbed: its result, and every table's rows."""
    product = start(shared_home, "--port", "0")
    answer = product.upload(big, wait=60).json()
    assert answer["status"] == "completed", answer
    rows = asyncio.run(contents(product))
    assert product.stop() == 0
    return answer["result"], rows


def _dsn(product: Product) -> str:
    folder = (product.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[4]
    return f"postgresql://threatweaver@/threatweaver?host={folder}"


async def contents(product: Product) -> dict[str, list[str]]:
    """Every row of the module's tables, without surrogate keys and times of the import itself.

    And without the count of transactions: one whose connection is killed can have been done all the same.
    """
    held = await asyncpg.connect(_dsn(product))
    try:
        schema = await held.fetchval("SELECT schema FROM control.tenant ORDER BY created_at LIMIT 1")
        await held.execute(f'SET search_path = "{schema}"')
        tables = await held.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p') "
            "AND relname LIKE 'exposure%' AND relname <> 'exposure_written' ORDER BY 1",
            f'"{schema}"',
        )
        return {table: await _rows(held, table) for (table,) in tables}
    finally:
        await held.close()


async def _rows(held: asyncpg.Connection, table: str) -> list[str]:
    keys = await held.fetch(
        """SELECT a.attname FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0
             AND NOT a.attisdropped
             AND (a.attname IN (
                  'id', 'at', 'created_at', 'updated_at', 'finished_at', 'merged_at', 'created_by',
                  'vulnerabilities')
                  OR a.attname LIKE '%\\_id' AND a.attname NOT IN ('plugin_id'))""",
        table,
    )
    names = [row["attname"] for row in keys]
    rows = await held.fetch(f'SELECT to_jsonb(t) - $1::text[] AS row FROM "{table}" t', names)
    return sorted(json.dumps(json.loads(row["row"]), sort_keys=True) for row in rows)


@contextmanager
def _held_in_the_middle(product: Product, big) -> Iterator[str]:
    """Yield the job of an import that has read its report and cannot end its merge before the block does.

    Without this a fast machine is done before the test has drawn.
    """
    with asyncio.Runner() as runner:
        held = runner.run(_lock(product))
        try:
            job = product.upload(big).json()["jobId"]
            wait_until(lambda: runner.run(_waits(held)), seconds=60, what="the import is at its merge")
            yield job
        finally:
            held.terminate()


async def _lock(product: Product) -> asyncpg.Connection:
    held = await asyncpg.connect(_dsn(product))
    schema = await held.fetchval("SELECT schema FROM control.tenant ORDER BY created_at LIMIT 1")
    await held.execute(f'BEGIN; LOCK TABLE "{schema}".exposure_vulnerability IN SHARE MODE')
    return held


async def _waits(held: asyncpg.Connection) -> bool:
    """Say whether somebody waits for the table."""
    table = "SELECT oid FROM pg_class WHERE relname = 'exposure_vulnerability'"
    return bool(
        await held.fetchval(f"SELECT 1 FROM pg_locks WHERE NOT granted AND relation IN ({table}) LIMIT 1")
    )


def _assert_same(product: Product, job: dict, undisturbed) -> None:
    result, rows = undisturbed
    assert job["status"] == "completed", job
    assert job["attempts"] >= 2, "it was not disturbed at all"
    assert {**job["result"], "importId": ""} == {**result, "importId": ""}
    found = asyncio.run(contents(product))
    assert {name: len(items) for name, items in found.items()} == {
        name: len(items) for name, items in rows.items()
    }
    assert len(rows["exposure_vulnerability"]) > FINDINGS * 0.9
    assert found == rows
    assert list((product.home / "spool").iterdir()) == []


def test_killed_worker(home, big, undisturbed):
    product = start(home, "--port", "0")
    with _held_in_the_middle(product, big) as job:
        product.child("worker").kill()
    wait_until(lambda: product.job(job)["attempts"] == 2, seconds=PICKED_UP_WITHIN, what="it is picked up")
    _assert_same(product, product.finished(job, seconds=60), undisturbed)
    assert product.stop() == 0


def test_killed_postgres(home, big, undisturbed):
    product = start(home, "--port", "0")
    with _held_in_the_middle(product, big) as job:
        product.postmaster().kill()
    _assert_same(product, product.finished(job, seconds=90), undisturbed)
    assert product.stop() == 0


def test_stopped_product_goes_on_with_the_import_at_the_next_start(home, big, undisturbed):
    first = start(home, "--port", "0")
    with _held_in_the_middle(first, big) as job:
        worker = first.child("worker")
        first.process.kill()
        worker.kill()  # one that lives on would finish its job before it ends
        first.process.wait(5)
    again = start(home, "--port", "0")
    _assert_same(again, again.finished(job, seconds=90), undisturbed)
    assert again.stop() == 0
