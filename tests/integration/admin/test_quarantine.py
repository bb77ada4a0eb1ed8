import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from threatweaver import running
from threatweaver.admin.quarantine import files, service
from threatweaver.admin.retention import service as retention
from threatweaver.config import ConfigError, load
from threatweaver.ids import uuid7
from threatweaver.jobs import inline
from threatweaver.jobs.run import JobRun
from threatweaver.sdk import ApiError, Rejected, quarantine

PATH = "/api/admin/quarantine"
SOURCE = "exposure.import_report"
GOOD = b"""<?xml version="1.0"?>
<NessusClientData_v2><Report name="r"><ReportHost name="host-q"><HostProperties>
<tag name="host-ip">192.0.2.9</tag><tag name="HOST_END">Mon Jan  1 10:00:00 2024</tag></HostProperties>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="3" pluginID="4242" pluginName="Old TLS"
 pluginFamily="General"><description>d</description><risk_factor>High</risk_factor></ReportItem>
</ReportHost></Report></NessusClientData_v2>"""


def bad():
    """Return a report that only reading all of it shows to be broken, on line 3; another one each time."""
    return f"<NessusClientData_v2>\n<!-- {uuid7()} -->\n<Report></NessusClientData_v2>".encode()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tenant(kernel, new_tenant):
    return await new_tenant(kernel)


@pytest.fixture
def ask(client, admin):
    async def asked(method, path=PATH, *, headers=admin, wait=False, **options):
        sent = {**headers, **({"Prefer": "wait=30"} if wait else {}), **options.pop("more", {})}
        async with client.request(method, path, headers=sent, **options) as answer:
            body = await answer.read()
            return answer.status, json.loads(body) if "json" in answer.content_type else body

    return asked


@pytest.fixture
def refused(ask, worker):
    """A function: import a broken report; return the job's error."""

    async def upload(data, name="bad.nessus"):
        more = {"X-Filename": name, "Content-Type": "application/xml"}
        status, job = await ask("POST", "/api/imports", data=data, more=more, wait=True)
        assert (status, job["status"]) == (202, "failed"), job
        return job["error"]

    return upload


@pytest.fixture
def run(kernel, tenant):
    """A function: a run of a job, by which a module hands over what it refuses."""

    def made(under=kernel):
        return JobRun(id=uuid7(), tenant_id=tenant.id, schema=tenant.schema, attempt=1, kernel=under)

    return made


@pytest.fixture
def handed_over(kernel, run):
    """A function: what a module hands over is in quarantine; return its id."""

    async def rejected(data, *, name="x.nessus", under=kernel, source=SOURCE, message="too new"):
        path = kernel.settings.spool / uuid7().hex
        path.write_bytes(data)
        record = Rejected(
            source=source,
            path=path,
            name=name,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            code="TEST",
            message=message,
        )
        try:
            return await quarantine(run(under), record)
        finally:
            path.unlink()

    return rejected


def path_of(kernel, tenant, record_id):
    return files.path_of(kernel.settings, tenant.id, record_id)


async def test_a_refused_report_is_kept_with_its_reason_and_the_import_writes_nothing(
    ask, refused, kernel, tenant
):
    data = bad()
    error = await refused(data)
    assert (error["code"], error["reason"], error["status"]) == ("REPORT_REFUSED", "REPORT_MALFORMED", 422)
    status, record = await ask("GET", f"{PATH}/{error['quarantineId']}")
    assert status == 200
    expected = {
        "id": error["quarantineId"],
        "source": SOURCE,
        "code": "REPORT_MALFORMED",
        "line": 3,
        "name": "bad.nessus",
        "size": len(data),
        "storedBytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "times": 1,
    }
    assert {name: record[name] for name in expected} == expected
    assert "line 3" in record["message"]
    assert await ask("GET", f"{PATH}/{record['id']}/file") == (200, data)
    path = path_of(kernel, tenant, record["id"])
    assert path.stat().st_mode & 0o077 == 0
    assert path.stat().st_nlink == 1  # the job removed its own name of the file
    async with kernel.database.tenant(tenant.schema, read_only=True) as unit:
        assert await unit.connection.fetchval("SELECT count(*) FROM exposure_asset") == 0


async def test_the_same_data_is_one_record_however_often_it_comes(ask, refused):
    data = bad()
    first, second = await refused(data), await refused(data, "again.nessus")
    assert first["quarantineId"] == second["quarantineId"]
    _, record = await ask("GET", f"{PATH}/{first['quarantineId']}")
    assert (record["times"], record["name"]) == (2, "again.nessus")


async def test_the_list_is_filtered_by_source_code_and_time_and_paged(ask, handed_over):
    begin = datetime.now(UTC).isoformat()
    for _ in range(3):
        await handed_over(uuid7().bytes, source="test.source")
    _, found = await ask("GET", params={"source": "test.source", "limit": "2"})
    assert (len(found["data"]), found["meta"]["total"]) == (2, 3)
    since = {"source": "test.source", "code": "TEST,OTHER", "from": begin}
    for query, total in [
        (since, 3),
        ({**since, "code": "OTHER"}, 0),
        ({"source": "test.source", "to": begin}, 0),
    ]:
        status, found = await ask("GET", params=query)
        assert (status, found["meta"]["total"]) == (200, total)
    assert (await ask("GET", params={"unknown": "1"}))[0] == 400


HOSTILE = [
    "../../../etc/passwd",
    '"; filename="x.exe',
    "a\r\nSet-Cookie: x=1",
    "\u202egnp.exe",
    "nul\0name",
    "x" * 5_000,
    "\ud800",
    "",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_hostile_name_decides_neither_path_nor_header(client, admin, ask, handed_over, name):
    record_id = await handed_over(uuid7().bytes, name=name, message=f"{name}\0\ud800" * 3)
    async with client.get(f"{PATH}/{record_id}/file", headers=admin) as answer:
        assert (answer.status, answer.content_type) == (200, "application/octet-stream")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        shown = answer.headers["Content-Disposition"]
    assert shown.startswith(f"attachment; filename=\"{record_id}\"; filename*=UTF-8''")
    assert not set(shown.rsplit("''", 1)[1]) & set("\"';\r\n/\\ ")
    _, record = await ask("GET", f"{PATH}/{record_id}")
    assert len(record["name"]) <= 200
    assert "/" not in record["name"]


async def test_a_record_that_is_fine_by_now_is_imported_and_goes(ask, handed_over, kernel, tenant, worker):
    record_id = await handed_over(GOOD, name="late.nessus")
    spooled = set(kernel.settings.spool.iterdir())
    status, job = await ask("POST", f"{PATH}/{record_id}/release", wait=True)
    assert (status, job["status"]) == (202, "completed"), job
    assert (job["result"]["assets"], job["result"]["created"]) == (1, 1)
    assert (await ask("GET", f"{PATH}/{record_id}"))[0] == 404
    assert not path_of(kernel, tenant, record_id).exists()
    assert set(kernel.settings.spool.iterdir()) == spooled
    _, entry = await ask("GET", f"/api/imports/{job['result']['importId']}")
    assert entry.get("data", entry)["filename"] == "late.nessus"


async def test_a_record_that_is_refused_again_stays(ask, refused, kernel, tenant):
    data = bad()
    record_id = (await refused(data))["quarantineId"]
    _, job = await ask("POST", f"{PATH}/{record_id}/release", wait=True)
    assert (job["status"], job["error"]["code"]) == ("failed", "REPORT_REFUSED")
    assert job["error"]["quarantineId"] == record_id
    assert await ask("GET", f"{PATH}/{record_id}/file") == (200, data)
    assert (await ask("GET", f"{PATH}/{record_id}"))[1]["times"] == 2


async def test_a_second_attempt_after_a_lost_worker_is_no_failure(handed_over, kernel, run):
    record_id = await handed_over(GOOD)
    job = kernel.registry.jobs["kernel.release_quarantined"]
    with running.on(kernel):
        assert (await job.function(run(), record_id=str(record_id)))["assets"] == 1
        assert await job.function(replace(run(), attempt=2), record_id=str(record_id)) == {}
        with pytest.raises(ApiError, match="does not exist"):
            await job.function(run(), record_id=str(record_id))


async def test_of_a_large_record_the_beginning_is_kept_and_cannot_be_released(
    ask, handed_over, kernel, with_settings
):
    under = with_settings(kernel, quarantine_max_bytes=100_000)
    data = uuid7().bytes * 6_251
    record_id = await handed_over(data, under=under)
    _, record = await ask("GET", f"{PATH}/{record_id}")
    assert (record["size"], record["storedBytes"]) == (100_016, 65_536)
    assert await ask("GET", f"{PATH}/{record_id}/file") == (200, data[:65_536])
    status, body = await ask("POST", f"{PATH}/{record_id}/release")
    assert (status, body["code"]) == (409, "NOT_RELEASABLE")


async def test_what_no_module_takes_or_somebody_changed_is_not_released(
    ask, handed_over, kernel, tenant, worker
):
    foreign = await handed_over(GOOD, source="gone.import")
    status, body = await ask("POST", f"{PATH}/{foreign}/release")
    assert (status, body["code"]) == (409, "NOT_RELEASABLE")
    record_id = await handed_over(GOOD)
    path_of(kernel, tenant, record_id).write_bytes(GOOD.replace(b"4242", b"4243"))
    _, job = await ask("POST", f"{PATH}/{record_id}/release", wait=True)
    assert (job["status"], job["error"]["code"]) == ("failed", "NOT_RELEASABLE")


async def test_records_are_deleted_with_their_data_one_and_several(ask, handed_over, kernel, tenant):
    one, *several = [await handed_over(uuid7().bytes) for _ in range(4)]
    assert (await ask("DELETE", f"{PATH}/{one}"))[0] == 204
    assert (await ask("DELETE", f"{PATH}/{one}"))[0] == 404
    ids = [str(item) for item in (one, *several)]
    assert await ask("POST", f"{PATH}/delete", json={"ids": ids}) == (200, {"deleted": 3})
    assert not any(path_of(kernel, tenant, item).exists() for item in ids)
    for body in ({"ids": []}, {"ids": ["x"]}, {}):
        assert (await ask("POST", f"{PATH}/delete", json=body))[0] == 400


async def test_a_record_is_of_one_tenant(ask, handed_over, kernel, tenant, stranger, viewer):
    record_id = await handed_over(uuid7().bytes)
    calls = [("GET", ""), ("GET", "/file"), ("POST", "/release"), ("DELETE", "")]
    for method, rest in calls:
        assert (await ask(method, f"{PATH}/{record_id}{rest}", headers=stranger))[0] == 404
        assert (await ask(method, f"{PATH}/{record_id}{rest}", headers=viewer))[0] == 403
    body = {"ids": [str(record_id)]}
    assert await ask("POST", f"{PATH}/delete", headers=stranger, json=body) == (200, {"deleted": 0})
    assert str(record_id) not in str(await ask("GET", headers=stranger))
    assert path_of(kernel, tenant, record_id).is_file()


async def test_what_a_killed_worker_leaves_is_tolerated_and_swept(ask, handed_over, kernel, tenant, worker):
    lost, whole = await handed_over(GOOD), await handed_over(uuid7().bytes)
    orphans = [path_of(kernel, tenant, name) for name in (uuid7(), f"{uuid7()}.part")]
    for path in orphans:
        path.write_bytes(b"x")
    path_of(kernel, tenant, lost).unlink()
    for method, rest in (("GET", "file"), ("POST", "release")):
        status, body = await ask(method, f"{PATH}/{lost}/{rest}")
        assert (status, body["code"]) == (409, "QUARANTINE_DATA_GONE")
    await service.sweep(kernel, tenant.id, tenant.schema)
    assert not any(path.exists() for path in orphans)
    assert (await ask("GET", f"{PATH}/{lost}"))[1]["storedBytes"] == 0
    status, body = await ask("POST", f"{PATH}/{lost}/release")
    assert (status, body["code"]) == (409, "NOT_RELEASABLE")
    assert path_of(kernel, tenant, whole).is_file()
    assert await handed_over(GOOD) == lost  # refused once more: its data is back
    assert (await ask("GET", f"{PATH}/{lost}/file")) == (200, GOOD)


async def test_a_full_disk_does_not_hide_why_a_record_was_refused(ask, refused, kernel, tenant):
    folder = files.folder(kernel.settings, tenant.id)
    aside = folder.with_name("aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_bytes(b"no folder")
    try:
        error = await refused(bad())
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)
    assert error["code"] == "REPORT_REFUSED"
    assert (await ask("GET", f"{PATH}/{error['quarantineId']}"))[1]["storedBytes"] == 0


async def test_retention_removes_old_records_with_their_files(ask, handed_over, kernel, tenant):
    old, young = await handed_over(uuid7().bytes), await handed_over(uuid7().bytes)
    async with kernel.database.tenant(tenant.schema) as unit:
        await unit.connection.execute(
            "UPDATE quarantine SET rejected_at = now() - interval '31 days' WHERE id = $1", old
        )
    removed = await retention.run(kernel, tenant.id, tenant.schema, by=None)
    assert removed["kernel.quarantine"] == 1
    assert not path_of(kernel, tenant, old).exists()
    assert path_of(kernel, tenant, young).is_file()
    before = (datetime.now(UTC) - timedelta(days=100)).isoformat()
    body = {"dataClass": "kernel.quarantine", "before": before}
    assert (await ask("POST", "/api/admin/archives", json=body))[0] == 422


async def test_the_command_line_quarantines_too(ask, kernel, tenant, tmp_path):
    path = tmp_path / "from-disk.nessus"
    await asyncio.to_thread(path.write_bytes, bad())
    with pytest.raises(ApiError) as refusal:
        await inline.import_file(kernel, tenant, path)
    _, record = await ask("GET", f"{PATH}/{refusal.value.members['quarantineId']}")
    assert record["name"] == "from-disk.nessus"
    assert await asyncio.to_thread(path.is_file)


def test_the_limit_keeps_room_for_the_beginning():
    with pytest.raises(ConfigError, match="TW_QUARANTINE_MAX_BYTES"):
        load({"TW_QUARANTINE_MAX_BYTES": "65535"})
