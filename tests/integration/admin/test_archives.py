import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from threatweaver.admin.archives import files
from threatweaver.admin.archives import service as archives
from threatweaver.ids import uuid7

PATH = "/api/admin/archives"
CLASS = "exposure.imports"
BEFORE = datetime.now(UTC) - timedelta(days=100)


@pytest.fixture
def ask(client, admin):
    async def asked(method, path=PATH, *, headers=admin, wait=False, **options):
        sent = {**headers, **({"Prefer": "wait=30"} if wait else {})}
        async with client.request(method, path, headers=sent, **options) as answer:
            body = await answer.read()
            return answer.status, json.loads(body) if "json" in answer.content_type else body

    return asked


@pytest.fixture
def imports_of(kernel):
    async def rows(tenant):
        async with kernel.database.tenant(tenant.schema, read_only=True) as unit:
            found = await unit.connection.fetch("SELECT * FROM exposure_import ORDER BY filename")
        return [dict(row) for row in found]

    return rows


async def with_imports(kernel, tenant, *days):
    async with kernel.database.tenant(tenant.schema) as unit:
        await unit.connection.execute("DELETE FROM exposure_import")
        for number in days:
            await unit.connection.execute(
                """INSERT INTO exposure_import
                       (id, job_id, filename, format, sha256, size, created_at, finished_at)
                   VALUES ($1, $1, $2, 'nessus', '', 1, $3, $3)""",
                uuid7(),
                f'day, "{number}"\n',
                datetime.now(UTC) - timedelta(days=number),
            )


async def archived(ask):
    status, job = await ask("POST", json={"dataClass": CLASS, "before": BEFORE.isoformat()}, wait=True)
    assert (status, job["status"]) == (202, "completed"), job
    return job["result"]


async def test_what_is_archived_leaves_the_database_and_comes_back_as_it_was(
    ask, kernel, tenant, worker, imports_of
):
    await with_imports(kernel, tenant, 3, 200, 400)
    before = await imports_of(tenant)
    result = await archived(ask)
    assert result["rows"] == 2
    assert [row["filename"] for row in await imports_of(tenant)] == ['day, "3"\n']
    _, listed = await ask("GET")
    entry = listed["data"][0]
    assert (entry["id"], entry["rows"], entry["restoredAt"]) == (result["archiveId"], 2, None)
    status, content = await ask("GET", f"{PATH}/{entry['id']}/file")
    assert (status, len(content)) == (200, entry["bytes"])
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        lines = list(csv.DictReader(io.StringIO(opened.read("exposure_import.csv").decode())))
    assert sorted(line["filename"] for line in lines) == ['day, "200"\n', 'day, "400"\n']
    for expected in (2, 0):  # a second time there is nothing left to bring back
        _, job = await ask("POST", f"{PATH}/{entry['id']}/restore", wait=True)
        assert (job["status"], job["result"]["rows"]) == ("completed", expected)
    assert await imports_of(tenant) == before


async def test_a_second_run_of_the_job_does_not_empty_the_file(ask, kernel, tenant, worker):
    await with_imports(kernel, tenant, 200)
    result = await archived(ask)
    number = UUID(result["archiveId"])
    kind = kernel.registry.data_classes[CLASS]
    async with kernel.database.tenant(tenant.schema):
        again = await archives.create(
            kernel.settings, kind, archive_id=number, tenant_id=tenant.id, before=BEFORE, by=uuid7()
        )
    assert again.rows == 1
    size, digest = await files.measure(files.path_of(kernel.settings, tenant.id, number))
    assert (size, digest) == (again.bytes, again.sha256)


async def test_a_changed_file_is_not_brought_back(ask, kernel, tenant, worker, imports_of):
    await with_imports(kernel, tenant, 200)
    result = await archived(ask)
    path = files.path_of(kernel.settings, tenant.id, UUID(result["archiveId"]))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    _, job = await ask("POST", f"{PATH}/{result['archiveId']}/restore", wait=True)
    assert (job["status"], job["error"]["code"]) == ("failed", "ARCHIVE_DAMAGED")
    assert await imports_of(tenant) == []


async def test_an_archive_is_deleted_with_its_file_and_is_of_one_tenant(
    ask, kernel, tenant, worker, stranger
):
    await with_imports(kernel, tenant, 200)
    identifier = (await archived(ask))["archiveId"]
    for method, path, options in [
        ("GET", f"{PATH}/{identifier}/file", {}),
        ("POST", f"{PATH}/{identifier}/restore", {}),
        ("DELETE", PATH, {"params": {"id": identifier}}),
    ]:
        assert (await ask(method, path, headers=stranger, **options))[0] == 404
    folder = kernel.settings.archives / str(tenant.id)
    assert (folder / f"{identifier}.zip").stat().st_mode & 0o077 == 0
    assert (await ask("DELETE", params={"id": identifier}))[0] == 204
    assert not (folder / f"{identifier}.zip").exists()
    assert (await ask("DELETE", params={"id": identifier}))[0] == 404


@pytest.mark.parametrize(
    ("name", "days"), [("kernel.jobs", 100), ("nobody.knows", 100), ("exposure.imports", 29)]
)
async def test_what_may_not_be_archived_is_refused(ask, name, days):
    before = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    status, body = await ask("POST", json={"dataClass": name, "before": before})
    assert (status, body["code"]) == (422, "UNPROCESSABLE")


async def test_counted_data_is_for_download_only(ask, worker):
    before = BEFORE.isoformat()
    _, job = await ask(
        "POST", json={"dataClass": "exposure.fixed_vulnerabilities", "before": before}, wait=True
    )
    status, body = await ask("POST", f"{PATH}/{job['result']['archiveId']}/restore")
    assert (status, body["code"]) == (409, "NOT_RESTORABLE")
