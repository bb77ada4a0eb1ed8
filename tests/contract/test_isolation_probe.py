"""The probe finds what routes show of another tenant, and its command leaves a report and nothing else."""

import json
from dataclasses import replace

import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from marshmallow import fields

from threatweaver import app as application
from threatweaver.auth.permissions import Perm
from threatweaver.db.transaction import connection
from threatweaver.http.errors import NotFound
from threatweaver.http.example import Example
from threatweaver.http.route import EMPTY, RouteTable, Scope, bare
from threatweaver.http.schema import Schema
from threatweaver.ids import uuid7
from threatweaver.isolation import command, service
from threatweaver.isolation.probe import Probe
from threatweaver.secrets import signing
from threatweaver.tenancy import provision
from threatweaver.testing.contract.answers import Api


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tenants(kernel):
    slugs = [f"iso-{uuid7().hex[-12:]}" for _ in range(2)]
    apps = kernel.registry.apps
    return [await provision.create(kernel.database, slug=slug, name=slug, apps=apps) for slug in slugs]


leaky = RouteTable(path="/leaky", tag="Leaky")


class Row(Schema):
    known = fields.Boolean(required=True)
    jobs = fields.List(fields.UUID())


class Total(Schema):
    total = fields.Integer(required=True)


class JobRef(Schema):
    job_id = fields.UUID(required=True)


class JobQuery(Schema):
    job_id = fields.UUID()


async def has_job(identifier):
    return bool(await connection().fetchval("SELECT 1 FROM job WHERE id = $1", identifier))


async def own_job(caller):
    return Example(params={"id": await caller.some("/jobs")})


@leaky.route(
    "GET",
    "/jobs/{id}",
    permission=Perm.JOB_READ,
    returns=bare(Row),
    scope=Scope.CONTROL,
    example=own_job,
)
async def job_by_id(ctx):
    """Return a job of anybody."""
    if not await has_job(ctx.uuid("id")):
        raise NotFound
    return {"known": True}


@leaky.route("GET", "/count", permission=Perm.JOB_READ, returns=bare(Total), scope=Scope.CONTROL)
async def count(ctx):
    """Count the jobs of everybody."""
    return {"total": await connection().fetchval("SELECT count(*) FROM job")}


@leaky.route("GET", "/jobs", permission=Perm.JOB_READ, returns=bare(Row), scope=Scope.CONTROL)
async def jobs(ctx):
    """Name the newest job of anybody."""
    return {
        "known": True,
        "jobs": [await connection().fetchval("SELECT id FROM job ORDER BY created_at DESC, id LIMIT 1")],
    }


@leaky.route(
    "GET", "/search", permission=Perm.JOB_READ, query=JobQuery, returns=bare(Row), scope=Scope.CONTROL
)
async def search(ctx):
    """Say whether anybody has a job."""
    return {"known": await has_job(ctx.query.get("job_id"))}


@leaky.route(
    "POST", "/jobs/look", permission=Perm.JOB_READ, body=JobRef, returns=bare(Row), scope=Scope.CONTROL
)
async def look(ctx):
    """Say whether anybody has a job."""
    return {"known": await has_job(ctx.body["job_id"])}


@leaky.route("PUT", "/things/{thingId}", permission=Perm.JOB_READ, returns=EMPTY, scope=Scope.CONTROL)
async def take(ctx):
    """Change a job of anybody, and say nothing."""
    await connection().execute("UPDATE job SET kind = 'taken over' WHERE id = $1", ctx.uuid("thingId"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def leaking(kernel):
    """The application with a plugin's worth of routes that forget whose rows they read."""
    routes = tuple(replace(route, always=True) for route in leaky.routes)
    registry = replace(kernel.registry, routes=(*kernel.registry.routes, *routes))
    under = replace(kernel, registry=registry)
    async with TestClient(TestServer(application.build(under)), cookie_jar=DummyCookieJar()) as opened:
        yield Api(opened, few(registry.routes))


def few(routes):
    """Return what the leaky routes need beside them; the conformance suite asks every route."""
    small = {"leaky", "jobs", "imports", "auth"}
    return tuple(route for route in routes if route.path.split("/")[1] in small)


async def test_each_leak_is_found(person_of, tenants, leaking):
    ours, theirs = [await person_of(tenant, api=leaking) for tenant in tenants]
    outcome = await Probe(ours, theirs, most=40).run()
    found = {(leak.route, leak.place, leak.kind) for leak in outcome.leaks}
    assert found >= {
        ("GET /leaky/jobs/{id}", "path: id", "answer"),
        ("GET /leaky/jobs", "", "row"),
        ("GET /leaky/count", "", "count"),
        ("GET /leaky/search", "query: jobId", "answer"),
        ("POST /leaky/jobs/look", "body: jobId", "answer"),
    }
    assert ("GET /jobs", "", "change") in found


async def test_the_command_leaves_a_signed_report_and_nothing_else(kernel, worker, api, person):
    before = await present(kernel)
    said = []
    under = replace(kernel, registry=replace(kernel.registry, routes=few(kernel.registry.routes)))
    assert await command.run(under, None, build=application.build, say=said.append)
    assert await present(kernel) == before
    newest = (await person.call("GET", "/security/isolation-reports")).body["data"][0]
    report = (await person.call("GET", f"/security/isolation-reports/{newest['id']}")).body
    assert report["passed"] is True
    content = report["content"].encode()
    assert signing.verify(report["publicKey"], content, report["signature"])
    assert not signing.verify(report["publicKey"], content + b" ", report["signature"])
    path = service.file_of(kernel.settings.home, newest["id"])
    assert path.read_bytes() == content
    assert path.with_suffix(".sig").read_text() == f"{report['signature']} {report['publicKey']}\n"
    assert str(path) in said[-1]
    assert json.loads(content)["routes"] >= 8


async def present(kernel):
    """Return what of a tenant there is: rows, schemas, roles, people."""
    async with kernel.database.control(read_only=True) as unit:
        return await unit.connection.fetchrow(
            r"""SELECT (SELECT count(*) FROM tenant), (SELECT count(*) FROM user_account),
                      (SELECT count(*) FROM session),
                      (SELECT count(*) FROM job WHERE kind NOT LIKE 'kernel.%'),
                      (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 't\_%'),
                      (SELECT count(*) FROM pg_roles)"""
        )


async def test_the_command_says_where_an_installation_leaks(kernel, worker):
    """One route that forgets its filter is enough, and the report says so."""
    routes = (*few(kernel.registry.routes), *(replace(route, always=True) for route in leaky.routes[-2:]))
    said = []
    under = replace(kernel, registry=replace(kernel.registry, routes=routes))
    assert not await command.run(under, None, build=application.build, say=said.append)
    assert any(line.startswith("LEAK  POST /leaky/jobs/look  body: jobId  answer") for line in said)
    assert said[-1].startswith("FAIL")
