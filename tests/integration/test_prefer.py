"""202, Location and `Prefer: wait=n` over HTTP."""

import asyncio
import time

import pytest

from threatweaver.ids import uuid7
from threatweaver.jobs import service

REPORT = b"""<NessusClientData_v2><Report name="r"><ReportHost name="h"><HostProperties>
<tag name="host-ip">192.0.2.1</tag></HostProperties></ReportHost></Report></NessusClientData_v2>"""


async def submit(client, headers, **more):
    given = {**headers, "X-Filename": "r.nessus", "Content-Type": "application/xml", **more}
    async with client.post("/api/imports", data=REPORT, headers=given) as answer:
        return answer.status, await answer.json(), answer.headers


async def test_without_prefer_the_answer_comes_at_once(client, admin):
    status, body, headers = await submit(client, admin)
    assert (status, body["progress"], body["statusUrl"]) == (202, 0, headers["Location"])
    assert headers["Location"] == f"/api/jobs/{body['jobId']}"
    assert "Preference-Applied" not in headers
    assert "result" not in body


async def test_waiting_gives_the_result(client, admin, worker):
    status, body, headers = await submit(client, admin, Prefer="respond-async, wait=20")
    assert (status, body["status"], headers["Preference-Applied"]) == (202, "completed", "wait=20")
    assert body["result"]["created"] == 0
    async with client.get(headers["Location"], headers=admin) as answer:
        assert (await answer.json())["result"] == body["result"]


async def test_jobs_are_listed_newest_first_and_filtered(client, admin, worker):
    _, body, _ = await submit(client, admin, Prefer="wait=20")
    async with client.get("/api/jobs?status=completed,failed&limit=1", headers=admin) as answer:
        page = await answer.json()
    assert page["data"][0]["jobId"] == body["jobId"]
    assert page["meta"]["limit"] == 1
    async with client.get("/api/jobs?status=cancelled", headers=admin) as answer:
        assert (await answer.json())["data"] == []
    async with client.get("/api/jobs?status=lost", headers=admin) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("verb", ["", "/cancel"])
async def test_another_tenants_job_does_not_exist(client, admin, stranger, verb):
    _, _, headers = await submit(client, admin)
    method = "POST" if verb else "GET"
    async with client.request(method, headers["Location"] + verb, headers=stranger) as answer:
        assert answer.status == 404


async def test_a_process_that_stops_answers_those_who_wait(kernel, tenant, client, admin):
    stopping = asyncio.Event()
    async with kernel.database.control() as unit:
        job_id = uuid7()
        await unit.connection.execute(
            "INSERT INTO job (id, tenant_id, kind, payload, status, progress, attempts, cancel_requested, "
            "created_at) VALUES ($1, $2, 'test.none', '{}', 'queued', 0, 0, false, now())",
            job_id,
            tenant.id,
        )
    waiting = asyncio.create_task(
        service.wait(kernel.database, job_id, tenant.id, seconds=60, stopping=stopping)
    )
    started = time.monotonic()
    await asyncio.sleep(0)
    stopping.set()
    assert (await waiting)["status"] == "queued"
    assert time.monotonic() - started < 5
