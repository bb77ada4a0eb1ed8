"""A plugin that the license does not name: never imported, and its paths say so to those who signed in."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE

import pytest

SCRIPT = """
import asyncio, json, sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer
from threatweaver_licensing import trial_claims

from threatweaver import app, config
from threatweaver.db.transaction import Database
from threatweaver.license.current import CurrentLicense

home, dsn, licensed, authorization = json.loads(sys.argv[1])
CALLS = [(method, path) for path in json.loads(sys.argv[2])
         for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")]


async def main():
    settings = replace(config.load({}), home=Path(home), rate_limit=0)
    current = CurrentLicense(trial_claims(now=datetime.now(UTC), modules=frozenset(licensed)))
    database = Database(dsn, size=2)
    await database.open()
    kernel = await app.compose(settings, database, current)
    answers = []
    async with TestClient(TestServer(app.build(kernel))) as client:
        for method, path in CALLS:
            for headers in ({}, {"Authorization": authorization}):
                async with client.request(method, path, headers=headers) as answer:
                    body = json.loads(await answer.read() or b"{}")
                    answers.append([method, path, bool(headers), answer.status, body.get("code"),
                                    body.get("moduleId")])
    await database.close()
    decision = next(d for d in kernel.registry.decisions if d.manifest.name == "exposure")
    print(json.dumps({
        "imported": sorted(n for n in sys.modules if n.split(".")[0] == "threatweaver_exposure"),
        "routes": len(kernel.registry.routes), "jobs": sorted(kernel.registry.jobs),
        "tables": [a.label for a in kernel.registry.apps],
        "admitted": decision.admitted, "reason": decision.reason, "answers": answers,
    }))

asyncio.run(main())
"""
PATHS = [
    f"/api/{prefix}{rest}"
    for prefix in ("dashboard", "assets", "vulnerabilities", "imports", "tags", "asset-groups")
    for rest in ("", "/", "/stats", "/kpis", "/a/b/c", "/%25/x", "/no-uuid?limit=abc")
]


@pytest.fixture(scope="module")
def outcome(settings, dsn, admin, kernel):
    async def run(licensed, paths):
        given = json.dumps([str(settings.home), dsn, licensed, admin["Authorization"]])
        # Not subprocess.run: the worker of other tests lives on this loop and must not starve.
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, given, json.dumps(paths), stdout=PIPE, stderr=PIPE
        )
        async with asyncio.timeout(60):
            said, complaints = await child.communicate()
        assert child.returncode == 0, complaints.decode()
        return json.loads(said.splitlines()[-1])

    return run


async def test_an_unlicensed_plugin_is_not_imported_and_its_paths_are_refused(outcome):
    found = await outcome(["another_module"], PATHS)
    assert found["imported"] == []
    assert (found["admitted"], found["reason"]) == (
        False,
        "module vulnerability_dashboard is not in the license",
    )
    assert [name for name in found["jobs"] if not name.startswith("kernel.")] == []
    assert found["tables"] == ["control", "kernel"]
    assert len(found["answers"]) == len(PATHS) * 7 * 2
    wrong = [
        answer
        for answer in found["answers"]
        if answer[3:]
        != ([403, "MODULE_DISABLED", "vulnerability_dashboard"] if answer[2] else [401, "NO_TOKEN", None])
    ]
    assert wrong == []


async def test_the_same_check_sees_the_plugin_when_it_is_licensed(outcome):
    found = await outcome(["vulnerability_dashboard"], ["/api/dashboard/kpis"])
    assert "threatweaver_exposure.plugin" in found["imported"]
    assert (found["admitted"], found["routes"] > 30) == (True, True)
    statuses = {tuple(answer[:3]): answer[3] for answer in found["answers"]}
    assert statuses["GET", "/api/dashboard/kpis", True] == 200
    assert statuses["POST", "/api/dashboard/kpis", True] == 405
