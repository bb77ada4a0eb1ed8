"""Every route of every plugin: strangers are 401, callers without the permission 403, by the declaration."""

import pytest

from threatweaver.http.route import PUBLIC, Access


async def test_anonymous_callers_are_refused_unless_the_route_is_public(api, guarded):
    answers = [await api.call(route) for route in guarded]
    assert len(answers) > 30
    assert [str(item) for item in answers if (item.status, item.body["code"]) != (401, "NO_TOKEN")] == []


async def test_public_routes_are_these_and_no_others(routes):
    assert sorted(f"{route.method} {route.path}" for route in routes if route.permission is PUBLIC) == [
        "GET /health/live",
        "GET /health/ready",
        "GET /license/status",
        "POST /auth/login",
        "POST /auth/refresh",
        "POST /license/activate",
    ]


async def test_a_role_that_nobody_declared_holds_nothing(api, guarded, as_role, tenant):
    nobody = await as_role("night_watch", tenant)
    wrong = []
    for route in guarded:
        if isinstance(route.permission, Access):
            continue
        answer = await api.call(route, headers=nobody)
        expected = (403, "FORBIDDEN", str(route.permission))
        if (answer.status, answer.body["code"], answer.body.get("permission")) != expected:
            wrong.append(str(answer))
    assert wrong == []


@pytest.mark.parametrize("role", ["viewer", "analyst", "scanner_admin", "compliance_officer", "manager"])
async def test_a_role_passes_where_it_holds_the_permission_and_nowhere_else(
    api, guarded, as_role, tenant, kernel, role
):
    headers = await as_role(role, tenant)
    held = kernel.registry.grants[role]
    wrong = []
    for route in guarded:
        if isinstance(route.permission, Access):
            continue
        answer = await api.call(route, headers=headers)
        if (answer.status == 403) == (route.permission in held):
            wrong.append(str(answer))
    assert wrong == []


async def test_the_gates_come_before_the_input(api, guarded, as_role, tenant):
    nobody = await as_role("night_watch", tenant)
    wrong = []
    for route in guarded:
        if not isinstance(route.permission, Access):
            answer = await api.call(route, api_path(route), headers=nobody, data=b"{broken")
            if answer.status != 403:
                wrong.append(str(answer))
    assert wrong == []


def api_path(route):
    return "/".join("%00" if part.startswith("{") else part for part in route.path.split("/")) + "?x=1&x=2"


async def test_every_summary_is_a_sentence(routes):
    wrong = [
        f"{route.method} {route.path}: {route.summary}"
        for route in routes
        if not route.summary[:1].isupper() or not route.summary.endswith(".") or len(route.summary) > 120
    ]
    assert wrong == []


async def test_every_permission_is_named_after_its_plugin_and_used(kernel, routes):
    used = {str(route.permission) for route in routes}
    declared = {str(item.name) for item in kernel.registry.permissions}
    assert declared - used == set()
    owners = {"kernel"} | {decision.manifest.name for decision in kernel.registry.decisions}
    assert {name.split(":")[0] for name in declared} <= owners
    assert {len(name.split(":")) for name in declared} == {3}
