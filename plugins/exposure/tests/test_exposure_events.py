"""What exposure publishes, as a subscriber of another plugin would get it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from exposure_reports import Host, Item, day, nessus

from threatweaver import app as application
from threatweaver.db.transaction import connection
from threatweaver.events import encoding
from threatweaver.events.table import SubscriberTable
from threatweaver.jobs import inline
from threatweaver.jobs.models import Job
from threatweaver.jobs.run import JobRun, call
from threatweaver_exposure.events import (
    EVENT_TYPES,
    AcceptancesExpired,
    AcceptancesWithdrawn,
    AcceptanceWithdrawn,
    AssetMergeUndone,
    AssetsMerged,
    AssetSplit,
    CoverageLost,
    ImportCompleted,
    RiskAccepted,
    RisksAccepted,
)

table = SubscriberTable()


async def take(run, event):
    """Take it."""


for kind in EVENT_TYPES:
    table.on(kind, f"test.take_{kind.__name__}", timeout=timedelta(minutes=1))(take)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def listening(kernel):
    """The kernel with somebody who takes every event; nobody runs these jobs."""
    takers = {item.event: (item,) for item in table.subscribers}
    modules = dict.fromkeys(item.job.name for item in table.subscribers)
    registry = replace(
        kernel.registry, subscribers=takers, job_modules={**kernel.registry.job_modules, **modules}
    )
    return replace(kernel, registry=registry)


@pytest_asyncio.fixture(loop_scope="session")
async def place(listening, make_space):
    async with TestClient(TestServer(application.build(listening)), cookie_jar=DummyCookieJar()) as client:
        yield await make_space(client)


@pytest.fixture
def take_in(listening, place, tmp_path):
    """A function: import a report as the command line does."""

    async def taken(data):
        path = tmp_path / "scan.nessus"
        path.write_bytes(data)
        return await inline.import_file(listening, place.tenant, path)

    return taken


async def published(place):
    async with place.kernel.database.control(read_only=True):
        rows = await Job.filter(tenant_id=place.tenant.id, kind__startswith="test.").order_by("id")
    kinds = {item.job.name: item.event for item in table.subscribers}
    return [encoding.decode(kinds[row.kind], row.payload["event"]) for row in rows]


async def test_an_import_is_one_event_however_much_it_finds(place, take_in):
    items = [Item(plugin=plugin) for plugin in range(1001, 1021)]
    result = await take_in(nessus(Host(items=items, end=day(1)), checks=[1001]))
    counts = {name: value for name, value in result.items() if name != "importId"}
    (event,) = await published(place)
    assert event == ImportCompleted(import_id=UUID(result["importId"]), format="nessus", **counts)
    assert (event.created, event.closed) == (20, 0)


async def test_coverage_that_is_lost_is_one(place, take_in):
    await take_in(nessus(Host(items=[Item(), Item(plugin=1002)], end=day(1)), checks=[1001, 1002]))
    result = await take_in(nessus(Host(end=day(2)), checks=[1002]))
    assert (result["closed"], result["unobserved"]) == (1, 1)
    assert CoverageLost(import_id=UUID(result["importId"]), count=1) in await published(place)


async def test_an_import_that_fails_is_none(place, take_in):
    with pytest.raises(Exception, match="is not XML"):
        await take_in(
            nessus(Host(items=[Item()], end=day(1)), checks=[1001]).replace(b"<Report ", b"<oops>", 1)
        )
    assert await published(place) == []


async def test_accepting_and_taking_it_back(place, take_in):
    await take_in(nessus(Host(items=[Item()], end=day(1)), checks=[1001]))
    (row,) = await place.vulnerabilities()
    path, until = f"/vulnerabilities/{row['id']}", datetime.now(UTC) + timedelta(days=30)
    body = {"until": until.isoformat(), "reason": "Shielded until the next release."}
    assert (await place.call("POST", f"{path}/accept-risk", json=body)).status == 200
    assert (await place.call("POST", f"{path}/reopen")).status == 200
    assert (await place.call("POST", f"{path}/reopen")).status == 409
    found = UUID(row["id"])
    assert (await published(place))[1:] == [
        RiskAccepted(vulnerability_id=found, until=until),
        AcceptanceWithdrawn(vulnerability_id=found),
    ]


async def test_deciding_on_many_is_one_event(place, take_in):
    await take_in(nessus(Host(items=[Item(plugin=1), Item(plugin=2)], end=day(1)), checks=[1]))
    until = datetime.now(UTC) + timedelta(days=30)
    accept = {"action": "accept-risk", "until": until.isoformat(), "reason": "Shielded until next week."}
    for body in ({**accept, "dryRun": True}, accept, {"action": "reopen"}, {"action": "reopen"}):
        answer = await place.call("POST", "/vulnerabilities/bulk-update", json={**body, "filter": {}})
        assert answer.status == 200, answer
    assert (await published(place))[1:] == [
        RisksAccepted(count=2, until=until),
        AcceptancesWithdrawn(count=2),
    ]


async def test_acceptances_that_run_out_are_one_event(place, listening, take_in):
    await take_in(nessus(Host(items=[Item(plugin=1), Item(plugin=2)], end=day(1)), checks=[1]))
    until = datetime.now(UTC) + timedelta(days=30)
    for row in await place.vulnerabilities():
        body = {"until": until.isoformat(), "reason": "Shielded until the next release."}
        await place.call("POST", f"/vulnerabilities/{row['id']}/accept-risk", json=body)
    async with listening.database.tenant(place.tenant.schema):
        await connection().execute("UPDATE exposure_acceptance SET until = now() - interval '1 second'")
    for _ in range(2):
        run = JobRun(
            id=UUID(int=1), tenant_id=place.tenant.id, schema=place.tenant.schema, attempt=1, kernel=listening
        )
        await call(listening.registry.jobs["exposure.reopen_expired"], run, {})
    assert (await published(place))[3:] == [AcceptancesExpired(count=2)]


async def test_merges_and_splits_are_told_and_trials_are_not(place, take_in):
    await take_in(nessus(*(Host(name=name, items=[Item()], end=day(1)) for name in ("10.0.0.1", "10.0.0.2"))))
    one, other = (UUID(row["id"]) for row in await place.walk("/assets", sort="name"))
    before = len(await published(place))
    await place.merge(str(one), str(other), dryRun=True)
    merged = UUID((await place.merge(str(one), str(other)))["id"])
    await place.split(str(one), ("ip", "10.0.0.2"), dryRun=True)
    done = await place.split(str(one), ("ip", "10.0.0.2"))
    split, new = UUID(done["id"]), UUID(done["others"][0])
    await place.undo(str(split), dry_run=True)
    await place.undo(str(split))
    assert (await published(place))[before:] == [
        AssetsMerged(merge_id=merged, asset_id=one, absorbed=(other,)),
        AssetSplit(merge_id=split, asset_id=one, new_asset_id=new),
        AssetMergeUndone(merge_id=split, asset_id=one),
    ]
