"""Scans that cannot say whether the target is well end in doubt, soon, and a pipeline is told so."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestServer
from doubtful import Doubtful

SOON = 60.0  # seconds; 30 are promised, and other tests run beside


@pytest.fixture
def loopback(kernel, monkeypatch):
    """The operator's allow-list names loopback."""
    monkeypatch.setitem(kernel.registry.settings["appsec"], "allowed_targets", "127.0.0.0/8")


@asynccontextmanager
async def served(doubtful):
    async with TestServer(doubtful.app()) as server:
        yield f"http://127.0.0.1:{server.port}"


async def signing_in(space, base, password):
    target = await space.target(baseUrl=base)
    body = {
        "targetId": target["id"],
        "name": "alice",
        "kind": "form",
        "username": "alice",
        "loginUrl": f"{base}/login",
        "password": password,
        "checkUrl": f"{base}/",
        "checkText": "Hello alice",
    }
    return [(await space.post("/auth-profiles", body, status=201))["id"]]


async def judged(space, base, identities=()):
    """Scan as a pipeline does; return the end of it, its verdict, and when it was over."""
    body = {"targetUrl": base, "profile": "quick", "authProfileIds": list(identities)}
    made = await space.call("POST", "/ci/scan", body, status=202)
    for _ in range(4_000):
        found = await space.get(f"/ci/status/{made['scanId']}")
        if found["finishedAt"]:
            break
        await asyncio.sleep(0.05)
    over = time.monotonic()
    said = await space.get(f"/ci/verdict/{made['scanId']}")
    refused = await space.call("GET", f"/ci/results/{made['scanId']}", status=409)
    assert refused["code"] == "SCAN_INCONCLUSIVE"
    return found, said, over


def assert_in_doubt(found, said, why):
    assert (found["state"], found["status"]) == ("inconclusive", "failed"), found
    assert why in found["message"]
    assert said["verdict"] == "inconclusive"
    assert why in said["reasons"][0]


async def test_wrong_credentials(space, worker, loopback):
    began = time.monotonic()
    async with served(Doubtful(signed=True)) as base:
        found, said, over = await judged(space, base, await signing_in(space, base, "not-it"))
    assert_in_doubt(found, said, "login of alice failed")
    assert "not-it" not in str(found)
    assert over - began < SOON


async def test_a_session_that_ends_and_cannot_be_had_again(space, worker, loopback):
    doubtful = Doubtful(signed=True, expires=150)
    async with served(doubtful) as base:
        found, said, over = await judged(space, base, await signing_in(space, base, "alice-pass-1"))
    assert_in_doubt(found, said, "the session of alice was lost")
    assert over - doubtful.went < SOON


@pytest.mark.parametrize(
    ("how", "why"),
    [({"drops": 150}, "target does not answer any more"), ({"blocks": 200}, "target blocks the scan")],
)
async def test_a_target_that_goes_away_or_blocks(space, worker, loopback, how, why):
    doubtful = Doubtful(**how)
    async with served(doubtful) as base:
        found, said, over = await judged(space, base)
    assert_in_doubt(found, said, why)
    assert over - doubtful.went < SOON


async def test_a_target_that_was_never_there(space, worker, loopback):
    began = time.monotonic()
    found, said, over = await judged(space, "http://127.0.0.1:1")
    assert_in_doubt(found, said, "target does not answer")
    assert over - began < SOON


async def test_a_target_that_nobody_proved(space, worker):
    doubtful = Doubtful()
    async with served(doubtful) as base:
        found, said, _ = await judged(space, base)
    assert_in_doubt(found, said, "Nobody proved")
    assert (found["reason"], doubtful.requests) == ("TARGET_NOT_VERIFIED", 0)
