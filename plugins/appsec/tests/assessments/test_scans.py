"""Scans of a small application on loopback, run by a worker from launch to the end."""

import asyncio
import base64
import io
import json

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pypdf import PdfReader

from threatweaver import running
from threatweaver.jobs.run import JobRun
from threatweaver.sdk import JobPostponed, uuid7
from threatweaver_appsec.assessments import runner
from threatweaver_appsec.assessments.models import Assessment
from threatweaver_appsec.scan_profiles.models import ScanProfile

HOME = '<a href="/echo?q=1">echo</a> <a href="/plain">plain</a>'


@pytest.fixture
async def shop():
    """An application with a reflected script, and a switch that mends it: (server, state)."""
    state = {"mended": False, "hits": 0, "first": asyncio.Event()}

    def page(text):
        return web.Response(text=f"<html><body>{text}</body></html>", content_type="text/html")

    async def echo(request):
        text = request.query.get("q", "")
        return page(text.replace("<", "&lt;").replace('"', "&quot;") if state["mended"] else text)

    @web.middleware
    async def count(request, handler):
        state["hits"] += 1
        state["first"].set()
        return await handler(request)

    async def home(_):
        return page(HOME)

    async def plain(_):
        return page("nothing")

    app = web.Application(middlewares=[count])
    app.add_routes([web.get("/", home), web.get("/plain", plain), web.get("/echo", echo)])
    async with TestServer(app) as server:
        yield server, state


@pytest.fixture
def loopback(kernel, monkeypatch):
    """The operator's allow-list names loopback."""
    settings = kernel.registry.settings["appsec"]
    monkeypatch.setitem(settings, "allowed_targets", "127.0.0.0/8")


async def ended(space, path, seconds=60):
    for _ in range(seconds * 20):
        found = await space.get(path)
        if found["finishedAt"]:
            return found
        await asyncio.sleep(0.05)
    raise TimeoutError(found)


@pytest.fixture
async def profile(space):
    """A scan profile with one agent, which is fast."""
    known = {one["id"] for one in await space.get("/agents")}
    wanted = sorted(name for name in known if "xss" in name or "script" in name or name.startswith("markup"))
    name = f"xss {len(await space.get('/scan-profiles'))}"
    body = {"name": name, "agents": wanted, "maxSeconds": 60, "maxRequests": 3000}
    return await space.post("/scan-profiles", body, status=201)


async def test_a_scan_from_launch_to_verdict(space, worker, shop, loopback, profile):
    server, state = shop
    base = f"http://127.0.0.1:{server.port}"
    made = await space.call("POST", "/ci/scan", {"targetUrl": base, "profile": profile["name"]}, status=202)
    assert made["state"] == "queued"
    scan = made["scanId"]
    path = f"/assessments/{scan}"
    found = await ended(space, path)
    assert (found["state"], found["message"]) == ("completed", None), found
    assert state["hits"] > 5
    assert [one["method"] for one in await space.get(f"{path}/sitemap?search=echo")][:1] == ["GET"]
    assert (await space.get(f"{path}/coverage/summary"))["tested"] > 0
    tested = await space.get(f"{path}/coverage?tested=true&agent=reflected-xss")
    assert [(one["agent"], one["tested"]) for one in tested] == [("reflected-xss", True)]
    assert (await space.get(f"{path}/progress"))["percent"] == 100.0
    assert len(await space.get(f"{path}/requests?limit=10")) == 10
    told = await space.call("GET", f"{path}/stream", status=200)
    kinds = {line[7:] for line in told.decode().splitlines() if line.startswith("event: ")}
    assert {"phase_change", "agent_complete", "assessment_complete"} <= kinds
    (last,) = await space.get(f"{path}/events?kind=assessment_complete")
    assert last["data"]["state"] == "completed"
    seen = await space.get(f"{path}/findings")
    if not profile["agents"]:
        return  # no agent of the class is built in: the rest is about its findings
    (one,) = [item for item in seen if item["cwe"] == 79]
    judged = await space.get(f"/ci/results/{scan}")
    assert (judged["verdict"], [row["id"] for row in judged["findings"]]) == ("fail", [one["id"]])
    assert one["place"] == "GET /echo"
    for form in [one["name"] for one in await space.get("/reports/formats")]:
        text = await space.call("GET", f"/reports/{scan}?format={form}", status=200)
        if form == "pdf":
            text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(text)).pages)
        assert "echo" in (text.decode() if isinstance(text, bytes) else json.dumps(text)), form
    still = await space.post(f"/findings/{one['id']}/retest")
    assert (still["state"], still["status"]) == ("open", "open"), still
    state["mended"] = True
    gone = await space.post(f"/findings/{one['id']}/retest")
    assert (gone["state"], gone["status"]) == ("closed", "fixed"), gone
    state["mended"] = False
    assert (await space.post(f"/findings/{one['id']}/retest"))["status"] == "open"
    state["mended"] = True
    await space.post(f"{path}/launch")
    again = await ended(space, path)
    assert (again["state"], again["closed"]) == ("completed", 1)
    assert (await space.get(f"/findings/{one['id']}"))["status"] == "fixed"


async def test_the_target_of_a_pipeline_is_down(space, worker, loopback):
    body = {"targetUrl": "http://127.0.0.1:1", "profile": "quick", "branch": "main"}
    made = await space.call("POST", "/ci/scan", body, status=202)
    path = f"/ci/status/{made['scanId']}"
    found = await ended(space, path)
    assert (found["status"], found["state"]) == ("failed", "inconclusive")
    refused = await space.call("GET", f"/ci/results/{made['scanId']}", status=409)
    assert refused["code"] == "SCAN_INCONCLUSIVE"
    said = await space.get(f"/ci/verdict/{made['scanId']}")
    assert said["verdict"] == "inconclusive"
    key = load_pem_public_key((await space.get("/ci/verdict-key"))["publicKey"].encode())
    payload = base64.b64decode(said["payload"])
    key.verify(base64.b64decode(said["signature"]), payload)
    assert orjson.loads(payload)["scanId"] == made["scanId"]


async def test_the_emergency_stop_ends_a_scan_and_refuses_others(space, worker, shop, loopback):
    server, state = shop
    target = await space.target(baseUrl=f"http://127.0.0.1:{server.port}")
    slow = await space.post("/scan-profiles", {"name": f"slow {server.port}", "maxPerSecond": 2}, status=201)
    made = await space.assessment(target, profile=slow["name"])
    path = f"/assessments/{made['id']}"
    await space.post(f"{path}/launch")
    await state["first"].wait()
    await space.post("/emergency-stop", {"reason": "The shop is slow."})
    said = await space.get("/emergency-stop")
    assert (said["stopped"], said["reason"]) == (True, "The shop is slow.")
    await asyncio.sleep(2)
    hits = state["hits"]
    await asyncio.sleep(1)
    assert state["hits"] == hits
    found = await ended(space, path)
    assert (found["state"], found["reason"]) == ("cancelled", "EMERGENCY_STOP")
    await space.call("POST", f"{path}/launch", status=409)
    assert (await space.call("DELETE", "/emergency-stop", status=200))["stopped"] is False


async def test_a_paused_scan_goes_on(space, worker, shop, loopback, profile):
    server, state = shop
    target = await space.target(baseUrl=f"http://127.0.0.1:{server.port}")
    await space.put(f"/scan-profiles/{profile['id']}", {"maxPerSecond": 4, "maxSeconds": 120})
    made = await space.assessment(target, profile=profile["name"])
    path = f"/assessments/{made['id']}"
    await space.post(f"{path}/launch")
    await state["first"].wait()
    await space.post(f"{path}/pause")
    for _ in range(200):
        if (await space.get(path))["state"] == "paused":
            break
        await asyncio.sleep(0.05)
    assert (await space.get(path))["state"] == "paused"
    await space.post(f"{path}/resume")
    await space.post(f"{path}/stop")
    assert (await ended(space, path))["state"] in {"cancelled", "completed"}


async def test_payloads_of_ones_own_find_and_look_again(space, worker, shop, loopback):
    server, state = shop
    body = {"name": f"odd {server.port}", "kind": "script", "payloads": ["<b onclick={{word}}()>"]}
    odd = await space.post("/payload-sets", body | {"safe": True}, status=201)
    body = {"name": body["name"], "agents": ["formula-injection"], "payloadSetIds": [odd["id"]]}
    await space.post("/scan-profiles", body, status=201)
    target = await space.target(baseUrl=f"http://127.0.0.1:{server.port}")
    path = f"/assessments/{(await space.assessment(target, profile=body['name']))['id']}"
    await space.post(f"{path}/launch")
    assert (await ended(space, path))["state"] == "completed"
    (one,) = await space.get(f"{path}/findings")
    assert (one["agent"], one["place"]) == (f"payloads.{odd['id']}", "GET /echo")
    assert (await space.post(f"/findings/{one['id']}/retest"))["state"] == "open"
    state["mended"] = True
    assert (await space.post(f"/findings/{one['id']}/retest"))["state"] == "closed"


@pytest.fixture
def queued(space, profile):
    """A function: an assessment that stands in the queue, while no worker knows of it."""

    async def make(base):
        target = await space.target(baseUrl=base)
        made = await space.assessment(target, profile=profile["name"])
        async with space.unit():
            found = await Assessment.get(id=made["id"])
            chosen = await ScanProfile.get(name=profile["name"])
            found.state, found.options = "queued", chosen.options() | {"max_per_second": 15}
            await found.save()
        return found

    return make


async def attempt(space, found, *, interrupted_by=None):
    """Run an assessment as a worker does; the interruption is given the run once the target was asked."""
    run = JobRun(
        id=uuid7(), tenant_id=space.tenant.id, schema=space.tenant.schema, attempt=1, kernel=space.kernel
    )
    with running.on(space.kernel):
        task = asyncio.create_task(runner.run(run, found.id))
        if interrupted_by:
            await interrupted_by(run, task)
        return await task


@pytest.mark.parametrize("how", ["killed", "worker ends"])
async def test_a_scan_that_is_interrupted_goes_on(space, shop, loopback, queued, how):
    server, state = shop
    base = f"http://127.0.0.1:{server.port}"
    found = await queued(base)

    async def interrupt(run, task):
        await state["first"].wait()
        await asyncio.sleep(1.5)
        if how == "killed":
            task.cancel()
        else:
            run.stopping.set()

    with pytest.raises((asyncio.CancelledError, JobPostponed)):
        await attempt(space, found, interrupted_by=interrupt)
    left = await space.get(f"/assessments/{found.id}")
    assert (left["state"] not in {"queued", "completed"}, left["finishedAt"]) == (True, None)
    assert (await attempt(space, found))["state"] == "completed"
    seen = {one["fingerprint"] for one in await space.get(f"/assessments/{found.id}/findings")}
    async with space.unit() as unit:
        await unit.connection.execute("DELETE FROM appsec_target WHERE id = $1", found.target_id)
    undisturbed = await queued(base)
    assert (await attempt(space, undisturbed))["state"] == "completed"
    whole = {one["fingerprint"] for one in await space.get(f"/assessments/{undisturbed.id}/findings")}
    assert seen == whole != set()
