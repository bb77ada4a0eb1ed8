"""How many statements an import is: a number that does not grow with the report."""

from dataclasses import replace

import pytest_asyncio
from exposure_reports import Host, Item, day, nessus

from threatweaver.db.transaction import Database
from threatweaver.ids import uuid7
from threatweaver.jobs.run import JobRun, call
from threatweaver_exposure.imports import merge
from threatweaver_exposure.imports.models import Import

MOST = 30


@pytest_asyncio.fixture
async def counted(kernel, dsn, space, tmp_path):
    """A function: the result of an import and its statements, without those that tell of its progress."""
    database, noted = Database(dsn, size=2), []  # the progress has a transaction of its own
    await database.open()
    async with database.tenant(space.tenant.schema) as one, database.tenant(space.tenant.schema) as two:
        for number, unit in enumerate((one, two)):
            unit.connection.add_query_logger(
                lambda record, number=number: noted.append((number, record.query))
            )

    async def count(data):
        path = tmp_path / f"{uuid7()}.nessus"
        path.write_bytes(data)
        run = JobRun(
            id=uuid7(),
            tenant_id=space.tenant.id,
            schema=space.tenant.schema,
            attempt=1,
            kernel=replace(kernel, database=database),
        )
        async with database.tenant(space.tenant.schema):
            entry = await Import.create(
                id=uuid7(), job_id=run.id, filename=path.name, format="nessus", sha256="", size=len(data)
            )
        noted.clear()
        payload = {"import_id": str(entry.id), "path": str(path), "format_name": "nessus"}
        result = await call(run.kernel.registry.jobs["exposure.import_report"], run, payload)
        ours = {number for number, text in noted if "staged_identifier" in text}
        return result, [text for number, text in noted if number in ours]

    yield count
    await database.close()


def report(hosts, findings, *, at, severity=2, output=None):
    numbers = range(1000, 1000 + findings)
    items = [Item(plugin=number, severity=severity, output=output) for number in numbers]
    named = [Host(name=f"host-{number}", items=items, end=day(at)) for number in range(hosts)]
    return nessus(*named, checks=range(1000, 1100))


async def test_a_hundred_times_as_much_takes_no_statement_more(counted, space):
    small, few = await counted(report(1, 10, at=1))
    large, many = await counted(report(50, 20, at=2))
    assert (small["created"], large["created"]) == (10, 990)
    assert len(many) <= len(few) <= MOST, "\n".join(few)
    again, none = await counted(report(50, 20, at=2))
    assert again["unchanged"] == 1_000
    assert len(none) < len(few)
    await space.check()


async def test_nor_does_all_that_can_happen_at_once(counted, space, monkeypatch):
    monkeypatch.setattr(merge, "_MANY", 10)
    first, some = await counted(report(5, 10, at=1, severity=4))
    changed, many = await counted(report(6, 8, at=2, severity=4, output="anew"))
    counts = {name: changed[name] for name in ("created", "updated", "closed")}
    assert (first["created"], counts) == (50, {"created": 8, "updated": 40, "closed": 10})
    assert max(len(some), len(many)) <= MOST, "\n".join(max(some, many, key=len))
    await space.check()
