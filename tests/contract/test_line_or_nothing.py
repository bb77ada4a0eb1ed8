"""A write that opens its own transactions comes with its audit line or not at all (docs/adr/0018)."""

import ast
from pathlib import Path

import pytest

from threatweaver.db.transaction import CONTROL
from threatweaver.http.route import Scope
from threatweaver.testing.contract import effects, known

ROOT = Path(__file__).parents[2]
# Routes that no call can be made of, and GET routes that write: the tests that do the same with them.
ELSEWHERE = {
    "GET /auth/verify-email": "tests/integration/auth/test_account_lines.py::test_verifying",
    "POST /auth/invite": "tests/integration/auth/test_account_lines.py::test_accepting",
    "POST /auth/reset-password": "tests/integration/auth/test_account_lines.py::test_resetting",
    "GET /auth/sso/callback": "tests/integration/sso/test_sso_oidc.py::test_a_sign_in_comes_with_its_line",
    "POST /auth/sso/callback": "tests/integration/sso/test_sso_saml.py::test_a_sign_in_comes_with_its_line",
    "POST /auth/sso/ldap": "tests/integration/sso/test_sso_ldap.py::test_a_sign_in_comes_with_its_line",
    "POST /license/activate": "tests/integration/admin/test_license_line.py::test_importing",
    "POST /license/import": "tests/integration/admin/test_license_line.py::test_importing",
    "POST /license/revocations": "tests/integration/admin/test_license_line.py::test_revoking",
    "PUT /admin/settings/license": "tests/integration/admin/test_license_line.py::test_importing",
}
# Routes of which nothing but the line is written: it asks a provider, and keeps nothing of the answer.
ONLY_THE_LINE = {"POST /sso/test", "POST /sync/test"}
# What is gone before the line, whatever comes: a proof is used up before it is looked at.
USED_UP = {"POST /auth/mfa/validate": {"control.mfa_recovery_code"}}


def named(route):
    return f"{route.method} {route.path}"


@pytest.fixture
def own(callable_routes):
    """Every write that opens its own transactions and can be called."""
    return [route for route in callable_routes if route.scope is Scope.NONE and route.writes]


@pytest.fixture
def look(kernel, tenant, settled):
    async def at_rest():
        await settled(tenant)  # what is written may be handed over to other modules
        return await effects.snapshot(kernel.database, [tenant.schema], kernel.settings.home)

    return at_rest


@pytest.fixture
def without_log(kernel, tenant):
    return lambda: effects.broken_log(kernel.database, CONTROL, tenant.schema)


@pytest.fixture
def lines(kernel, tenant):
    """A function: how many lines of requests the two logs have."""

    async def count():
        async with kernel.database.control(read_only=True) as unit:
            return await unit.connection.fetchval(
                f"""SELECT (SELECT count(*) FROM "{tenant.schema}".audit_line WHERE method <> '')
                         + (SELECT count(*) FROM control.audit_line WHERE method <> '')"""
            )

    return count


async def test_without_its_line_nothing_happens_and_with_it_all(api, own, person, look, lines, without_log):
    """Whatever is committed before the line would be there after a crash, with nobody to tell of it."""
    await person.call("GET", "/sso/config")  # makes the tenant's key pair, once
    wrong = []
    for route in own:
        refused, call = await person.prepare(route), await person.prepare(route)
        before = await look()
        async with without_log():
            answer = await api.send(refused)
        told, between = await lines(), await look()
        changed = {name for name, held in between.items() if before.get(name) != held}
        changed -= USED_UP.get(named(route), set())
        if answer.status != 500 or changed:
            wrong.append(f"{answer} without a line, and {changed}")
        # A job that goes on would leave its file while the next route is looked at.
        answer, new = await api.send(call.by({"Prefer": "wait=20"})), await lines() - told
        silent = (await look()) == between
        if answer.status != route.status or new != 1 or silent != (named(route) in ONLY_THE_LINE):
            wrong.append(f"{answer} with {new} lines{', and nothing happened' * silent}")
    assert not wrong, "\n".join(wrong)


def test_every_such_route_is_looked_at_here_or_elsewhere(routes, own):
    writes = {named(route) for route in routes if route.scope is Scope.NONE and route.writes}
    here = {named(route) for route in own}
    elsewhere = {name for name in ELSEWHERE if name.split()[0] != "GET"}
    assert here | elsewhere == writes
    assert not here & elsewhere
    assert set(ELSEWHERE) <= set(known.UNCALLABLE)
    for test in ELSEWHERE.values():
        path, _, name = test.partition("::")
        assert name in functions(ROOT / path), test


def functions(path):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {item.name for item in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(item, kinds)}
