from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from threatweaver.admin.retention import service
from threatweaver.auth.models import Session
from threatweaver.ids import uuid7
from threatweaver.jobs.models import Job

PATH = "/api/admin/retention"
REPORT = b"""<?xml version="1.0"?>
<NessusClientData_v2><Report name="r"><ReportHost name="host-a"><HostProperties>
<tag name="host-ip">192.0.2.7</tag><tag name="HOST_END">Mon Jan  1 10:00:00 2024</tag></HostProperties>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="3" pluginID="4242" pluginName="Old TLS"
 pluginFamily="General"><description>d</description><risk_factor>High</risk_factor></ReportItem>
<ReportItem port="80" svc_name="www" protocol="tcp" severity="2" pluginID="4243" pluginName="Old HTTP"
 pluginFamily="General"><description>d</description><risk_factor>Medium</risk_factor></ReportItem>
</ReportHost></Report></NessusClientData_v2>"""
OLD, YOUNG = (datetime.now(UTC) - timedelta(days=days) for days in (400, 3))


@pytest.fixture
def ask(client, admin):
    async def asked(method, path=PATH, *, headers=admin, **options):
        async with client.request(method, path, headers=headers, **options) as answer:
            return answer.status, await answer.json()

    return asked


async def made_old(kernel, tenant):
    """Make ended sessions and jobs, old and young ones."""
    async with kernel.database.control():
        for when in (OLD, OLD, YOUNG):
            user = uuid7()
            await Session.create(
                user_id=user, tenant_id=tenant.id, refresh_hash=uuid7().bytes, expires_at=when
            )
            job = await Job.create(tenant_id=tenant.id, kind="test.old", status="completed")
            await Job.filter(id=job.id).update(finished_at=when)
        await Job.create(tenant_id=tenant.id, kind="test.old", status="queued")


@pytest_asyncio.fixture(loop_scope="session")
async def imported(client, admin, worker, kernel, tenant):
    """Two vulnerabilities, of which the first was fixed long ago, as an import would have left them."""
    headers = {**admin, "X-Filename": "r.nessus", "Prefer": "wait=30", "Content-Type": "application/xml"}
    async with client.post("/api/imports", data=REPORT, headers=headers) as answer:
        assert (await answer.json())["status"] == "completed"
    async with kernel.database.tenant(tenant.schema) as unit:
        await unit.connection.execute(
            "UPDATE exposure_vulnerability SET state = 3, fixed_at = $1 WHERE severity = 3", OLD
        )
        await unit.connection.execute("UPDATE exposure_rollup SET state = 3 WHERE severity = 3")


async def test_a_dry_run_counts_what_the_run_then_removes(ask, admin, kernel, tenant, imported):
    await made_old(kernel, tenant)
    days = {"exposure.fixed_vulnerabilities": 365, "kernel.jobs": 30}
    assert (await ask("PUT", json={"days": days}))[0] == 200
    _, preview = await ask("GET", f"{PATH}/preview")
    due = {item["dataClass"]: item["rows"] for item in preview["data"]}
    assert due["kernel.sessions"] == 2
    assert due["kernel.jobs"] == 2
    assert due["exposure.fixed_vulnerabilities"] == 1
    assert "exposure.imports" not in due  # kept for ever
    again = await ask("GET", f"{PATH}/preview")
    assert [item["rows"] for item in again[1]["data"]] == [item["rows"] for item in preview["data"]]
    _, job = await ask("POST", f"{PATH}/run", headers={**admin, "Prefer": "wait=30"})
    assert (job["status"], job["result"]) == ("completed", due)
    _, after = await ask("GET", f"{PATH}/preview")
    assert {item["rows"] for item in after["data"]} == {0}
    _, runs = await ask("GET", f"{PATH}/runs?limit=1")
    assert runs["data"][0]["removed"] == due
    async with kernel.database.control(read_only=True):
        assert await Session.filter(tenant_id=tenant.id, expires_at__lt=datetime.now(UTC)).count() == 1
        assert await Job.filter(tenant_id=tenant.id, kind="test.old").count() == 2
    async with kernel.database.tenant(tenant.schema, read_only=True) as unit:
        held = unit.connection
        assert await held.fetchval("SELECT count(*) FROM exposure_vulnerability") == 1
        assert await held.fetchval("SELECT count(*) FROM exposure_evidence") == 1
        counted = await held.fetch("SELECT state, severity, total FROM exposure_rollup")
        assert [tuple(row) for row in counted] == [(0, 2, 1)]


async def test_the_policy_has_every_class_and_its_limits(ask):
    _, body = await ask("GET")
    known = {item["dataClass"]: item for item in body["data"]}
    assert {"kernel.sessions", "kernel.jobs", "exposure.imports"} <= set(known)
    assert not [name for name in known if "audit" in name]
    assert known["exposure.imports"]["days"] is None
    for days, field in [
        ({"exposure.imports": 29}, "days.exposure.imports"),
        ({"kernel.jobs": 0}, "days.kernel.jobs.value"),
        ({"kernel.audit": 400}, "days.kernel.audit"),
    ]:
        status, refused = await ask("PUT", json={"days": days})
        assert (status, refused["details"][0]["field"]) == (400, field)
    assert (await ask("PUT", json={"days": {"kernel.sessions": None}}))[0] == 200
    _, preview = await ask("GET", f"{PATH}/preview")
    assert "kernel.sessions" not in {item["dataClass"] for item in preview["data"]}


async def test_rows_of_another_tenant_stay(kernel, tenant, other_tenant):
    await made_old(kernel, other_tenant)
    await service.run(kernel, tenant.id, tenant.schema, by=None)
    async with kernel.database.control(read_only=True):
        assert await Job.filter(tenant_id=other_tenant.id, kind="test.old").count() == 4
