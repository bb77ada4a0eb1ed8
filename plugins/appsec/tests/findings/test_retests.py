"""A finding of a scan of the lab, from its replay by hand to the retest that closes it, through the API."""

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.insert(0, str(Path(__file__).parents[4]))  # the lab is no distribution: nothing installs it

from lab.app import make_app, serve

CASES = ("weak-password",)


@pytest.fixture
def loopback(kernel, monkeypatch):
    """The operator's allow-list names loopback."""
    monkeypatch.setitem(kernel.registry.settings["appsec"], "allowed_targets", "127.0.0.0/8")


async def answered(line):
    running = await asyncio.create_subprocess_exec("sh", "-c", line, stdout=-1)
    return (await running.communicate())[0].decode().split()[1]


async def test_a_line_reproduces_and_the_retest_closes_what_is_mended(space, worker, loopback):
    body = {"name": "passwords", "agents": ["weak-password-policy"], "safe": False, "maxSeconds": 60}
    profile = await space.post("/scan-profiles", body, status=201)
    async with serve(make_app(safe=False, only=CASES)) as base:
        target = await space.target(baseUrl=base)
        made = await space.assessment(target, profile=profile["name"])
        await space.post(f"/assessments/{made['id']}/launch")
        for _ in range(1_200):
            if (found := await space.get(f"/assessments/{made['id']}"))["finishedAt"]:
                break
            await asyncio.sleep(0.05)
        assert found["state"] == "completed", found
        [finding] = await space.get(f"/assessments/{made['id']}/findings")
        path = f"/findings/{finding['id']}"
        replay = await space.get(f"{path}/replay")
        assert replay["telltale"] == "answer"
        before = str(replay["har"]["log"]["entries"][0]["response"]["status"])
        assert await answered(replay["curl"]) == before
        assert (await space.post(f"{path}/retest"))["state"] == "open"
    async with serve(make_app(safe=True, only=CASES), urlsplit(base).port):
        assert await answered(replay["curl"]) != before
        again = await space.post(f"{path}/retest")
    assert (again["state"], again["status"]) == ("closed", "fixed"), again
