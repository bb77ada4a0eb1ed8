"""Reviewed lists: routes, permissions, hooks, statements a read costs."""

import inspect
import json
from dataclasses import replace

import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from reviewed import compare

from threatweaver import app as application
from threatweaver import hookspecs
from threatweaver.access.roles import matrix
from threatweaver.auth.identify import Identifier
from threatweaver.auth.roles import Role
from threatweaver.db.transaction import Database
from threatweaver.http.answers import Answers
from threatweaver.http.route import PUBLIC


def test_routes(routes):
    lines = [
        f"{route.method:6} /api{route.path}  {getattr(route.permission, 'value', route.permission)}"
        f"  {route.module_id or '-'}\n"
        for route in sorted(routes, key=lambda item: (item.path, item.method))
    ]
    compare("routes.txt", "".join(lines))


def test_public_routes(routes):
    lines = [f"{route.method} /api{route.path}\n" for route in routes if route.permission is PUBLIC]
    compare("public_routes.txt", "".join(sorted(lines)))


def test_permissions(kernel):
    lines = []
    for item in sorted(kernel.registry.permissions, key=lambda entry: str(entry.name)):
        roles = [role.value for role in Role if item.name in kernel.registry.grants[role.value]]
        lines.append(f"{item.name}  {item.title}\n    {' '.join(roles)}\n")
    compare("permissions.txt", "".join(lines))


def test_the_matrix_of_roles_and_routes(kernel):
    compare("../../docs/permissions.md", matrix.markdown(kernel.registry.routes, kernel.registry.grants))


def test_hooks():
    named = [
        (name, function)
        for name, function in vars(hookspecs).items()
        if inspect.isfunction(function) and hasattr(function, f"{hookspecs.PROJECT}_spec")
    ]
    lines = [
        f"{name}{inspect.signature(function)}\n    {inspect.getdoc(function).splitlines()[0]}\n"
        for name, function in named
    ]
    assert len(lines) >= 7
    compare("hooks.txt", "".join(lines))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counted(kernel, dsn, api):
    """The application on a pool of one connection that notes every statement."""
    database = Database(dsn, size=1)
    await database.open()
    statements = []
    async with database.control(read_only=True) as unit:
        unit.connection.add_query_logger(lambda record: statements.append(record.query))
    identifier = Identifier(database, kernel.keys.access_token, kernel.registry.grants)
    # Without kept answers, so that each count is that of the first who asks.
    under = replace(kernel, database=database, identifier=identifier, answers=Answers(most=0))
    async with TestClient(TestServer(application.build(under)), cookie_jar=DummyCookieJar()) as opened:
        yield api.on(opened), statements, identifier
    await database.close()


async def test_statements_of_each_read(counted, callable_routes, person):
    api, statements, identifier = counted
    counts = {}
    for route in sorted(callable_routes, key=lambda item: item.path):
        if route.writes:
            continue
        call = await person.prepare(route)
        seen = []
        for _ in range(3):  # the least counts: a call may fill caches of types or of settings for the others
            identifier.forget()  # so that each count holds the price of finding out who calls
            statements.clear()
            answer = await api.send(call)
            seen.append(len(statements))
        assert answer.status == route.status, f"{answer}: {answer.body}"
        counts[f"GET /api{route.path}"] = min(seen)
    compare("queries.json", json.dumps(counts, indent=2) + "\n")
