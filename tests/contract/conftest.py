"""What the contract tests share: a report imported once a module, and a client that checks the document."""

import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from yarl import URL

from threatweaver import __version__
from threatweaver.http import openapi
from threatweaver.http.route import PUBLIC, Route
from threatweaver.ids import uuid7

REPORT = b"""<?xml version="1.0"?>
<NessusClientData_v2><Report name="r"><ReportHost name="host-a"><HostProperties>
<tag name="host-ip">192.0.2.7</tag><tag name="HOST_END">Mon Jan  1 10:00:00 2024</tag></HostProperties>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="3" pluginID="4242" pluginName="Old TLS"
 pluginFamily="General"><cve>CVE-2024-12345</cve><description>d</description><risk_factor>High</risk_factor>
</ReportItem></ReportHost></Report></NessusClientData_v2>"""
EXAMPLES = {"cve": "CVE-2024-12345", "plugin": "4242"}
MEMBERS = {"error", "message", "code", "type", "title", "status", "detail", "instance", "requestId"}


@dataclass
class Answer:
    route: Route
    status: int
    body: Any
    headers: Any

    def __str__(self):
        code = self.body.get("code") if isinstance(self.body, dict) else None
        return f"{self.route.method} {self.route.path} -> {self.status} {code}"


@dataclass
class Api:
    """Calls routes; an answer that the OpenAPI document does not have, or an odd error body, is a failure."""

    client: Any
    document: dict
    routes: tuple[Route, ...]

    async def call(self, route, path=None, *, headers=None, **options):
        path = path or fill(route)
        if len(options.get("data") or b"") > 1 << 20:
            options["data"] = io.BytesIO(options["data"])
        url = URL(f"/api{path}", encoded=True)
        async with self.client.request(route.method, url, headers=headers, **options) as response:
            text = await response.read()
            body = await response.json() if "json" in response.content_type else text
            answer = Answer(route, response.status, body, response.headers)
        known = self.document["paths"][f"/api{route.path}"][route.method.lower()]["responses"]
        assert str(answer.status) in known, f"{answer} is not in the document"
        if answer.status >= 400:
            missing = MEMBERS - set(body)
            assert not missing, f"{answer} lacks {missing}"
            assert body["status"] == answer.status
            assert body["requestId"] == response.headers["X-Request-Id"]
        return answer


def fill(route, **values):
    """Return the route's path with ids that nothing has, or the given values."""
    path = route.path
    for name, kind in route.params.items():
        example = str(uuid7())
        if type(kind).__name__ != "UUID":
            example = next((text for key, text in EXAMPLES.items() if f"/{key}/" in path), "1")
        path = path.replace(f"{{{name}}}", values.get(name, example))
    return path


@pytest.fixture(scope="session")
def path_of():
    return fill


@pytest.fixture(scope="session")
def api(client, kernel):
    routes = kernel.registry.routes
    return Api(client, openapi.document(routes, version=__version__), routes)


@pytest.fixture(scope="session")
def routes(kernel):
    return kernel.registry.routes


@pytest.fixture(scope="session")
def guarded(routes):
    """Every route that asks for a signed-in caller."""
    return [route for route in routes if route.permission is not PUBLIC]


@dataclass(frozen=True)
class Rows:
    """Ids of one row of each kind in `tenant`."""

    asset: UUID
    vulnerability: UUID
    imported: UUID
    job: UUID
    tag: UUID
    group: UUID


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rows(client, worker, admin):
    """One row of each kind, made through the API."""
    headers = {**admin, "X-Filename": "r.nessus", "Prefer": "wait=20", "Content-Type": "application/xml"}
    job = await (await client.post("/api/imports", data=REPORT, headers=headers)).json()
    assert job["status"] == "completed", job

    async def first(path):
        return (await (await client.get(path, headers=admin)).json())["data"][0]["id"]

    async def made(path):
        return (await (await client.post(path, json={"name": uuid7().hex}, headers=admin)).json())["data"][
            "id"
        ]

    return Rows(
        asset=await first("/api/assets"),
        vulnerability=await first("/api/vulnerabilities"),
        imported=await first("/api/imports"),
        job=job["jobId"],
        tag=await made("/api/tags"),
        group=await made("/api/asset-groups"),
    )
