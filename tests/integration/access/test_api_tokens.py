"""API tokens: what they may do, when and from where; what ends them; what they never may."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from threatweaver.access.tokens import queries
from threatweaver.access.tokens.models import ApiToken
from threatweaver.auth.models import Membership, User
from threatweaver.auth.tokens import digest
from threatweaver.http.route import PUBLIC, SESSION

READ, CANCEL = "kernel:job:read", "kernel:job:cancel"


def ago(**span):
    return datetime.now(UTC) - timedelta(**span)


async def test_a_token_calls_what_its_scope_names_and_nothing_else(call, person, token_of):
    headers, _ = await token_of(await person("admin"), [READ])
    assert (await call("GET", "/jobs", headers))[0] == 200
    for path in ("/assets", "/vulnerabilities", "/admin/tokens", "/dashboard/kpis"):
        status, body = await call("GET", path, headers)
        assert (status, body["code"]) == (403, "FORBIDDEN"), path


async def test_every_guarded_route_takes_a_token_or_asks_for_a_session(client, kernel, person, token_of):
    everything = sorted(kernel.registry.grants["admin"])
    headers, _ = await token_of(await person("admin"), everything)
    wrong = []
    for route in kernel.registry.routes:
        if route.permission is PUBLIC or (route.writes and route.permission is not SESSION):
            continue
        path = "".join(
            "/00000000-0000-7000-8000-000000000000" if p[:1] == "{" else f"/{p}" for p in parts(route)
        )
        async with client.request(route.method, f"/api{path}", headers=headers) as answer:
            body = await answer.read()
            refused = answer.status == 403 and b'"SESSION_REQUIRED"' in body
            if refused != (route.permission is SESSION) or answer.status == 401:
                wrong.append((route.method, route.path, answer.status))
    assert wrong == []


def parts(route):
    return route.path.split("/")[1:]


async def test_a_token_cannot_make_or_change_tokens(call, person, token_of):
    owner = await person("admin")
    headers, made = await token_of(owner, [READ])
    path = f"/tokens/{made['id']}"
    attempts = [
        ("POST", "/tokens", {"name": "more", "scopes": [READ]}),
        ("PUT", path, {"scopes": [READ, CANCEL]}),
        ("POST", f"{path}/rotate", {}),
        ("DELETE", path, None),
        ("POST", "/auth/logout", None),
    ]
    for method, target, body in attempts:
        status, answer = await call(method, target, headers, body)
        assert (status, answer["code"]) == (403, "SESSION_REQUIRED"), target
    assert (await call("GET", "/jobs", headers))[0] == 200


async def test_nobody_gives_a_token_what_they_do_not_hold(call, person):
    viewer = await person("viewer")
    body = {"name": "ci", "scopes": [READ, CANCEL, "kernel:token:read", "no:such:thing"]}
    status, answer = await call("POST", "/tokens", viewer.headers, body)
    assert (status, answer["code"]) == (403, "BEYOND_YOUR_RIGHTS")
    assert answer["permissions"] == [CANCEL, "kernel:token:read", "no:such:thing"]
    _, made = await call("POST", "/tokens", viewer.headers, {"name": "ci", "scopes": [READ]})
    path = f"/tokens/{made['data']['id']}"
    assert (await call("PUT", path, viewer.headers, {"scopes": [CANCEL]}))[0] == 403
    assert (await call("GET", path, viewer.headers))[1]["data"]["scopes"] == [READ]


async def test_a_token_loses_what_its_owner_loses(call, kernel, person, token_of, change, tenant):
    owner = await person("analyst")
    headers, _ = await token_of(owner, [CANCEL])
    unknown = "/jobs/00000000-0000-7000-8000-000000000000/cancel"
    assert (await call("POST", unknown, headers))[0] == 404
    await change(Membership, {"role": "viewer"}, user_id=owner.id, tenant_id=tenant.id)
    status, answer = await call("POST", unknown, headers)
    assert (status, answer["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    "end",
    [
        (ApiToken, {"revoked_at": ago(seconds=1)}, "INVALID_TOKEN"),
        (ApiToken, {"expires_at": ago(seconds=1)}, "TOKEN_EXPIRED"),
        (Membership, {"deactivated_at": ago(seconds=1)}, "INVALID_TOKEN"),
        (User, {"is_active": False}, "INVALID_TOKEN"),
    ],
    ids=["revoked", "expired", "deactivated in the tenant", "deactivated"],
)
async def test_what_ends_a_token(call, person, token_of, change, end):
    model, changes, code = end
    owner = await person("viewer")
    headers, made = await token_of(owner, [READ])
    assert (await call("GET", "/jobs", headers))[0] == 200
    which = {ApiToken: {"id": made["id"]}, Membership: {"user_id": owner.id}, User: {"id": owner.id}}[model]
    await change(model, changes, **which)
    status, answer = await call("GET", "/jobs", headers)
    assert (status, answer["code"]) == (401, code)


@pytest.mark.parametrize("secret", ["", "tw_", "tw_" + "A" * 43, "A" * 43, "tw_\xff", "tw_" + "A" * 5000])
async def test_secrets_that_nobody_issued(call, secret):
    status, answer = await call("GET", "/jobs", {"X-API-Key": secret})
    assert (status, answer["code"]) == (401, "INVALID_TOKEN")


async def test_a_token_is_bound_to_its_addresses_even_while_remembered(call, person, token_of, kernel):
    owner = await person("viewer")
    here, made = await token_of(owner, [READ], addresses=["127.0.0.1", "2001:db8::/32"])
    assert made["addresses"] == ["127.0.0.1/32", "2001:db8::/32"]
    assert (await call("GET", "/jobs", here))[0] == 200
    elsewhere, _ = await token_of(owner, [READ], addresses=["192.0.2.0/24", "::1"])
    for _ in range(2):
        status, answer = await call("GET", "/jobs", elsewhere)
        assert (status, answer["code"]) == (403, "TOKEN_ADDRESS_REFUSED")


async def test_the_old_secret_works_until_the_overlap_ends(call, person, token_of, change):
    owner = await person("viewer")
    old, made = await token_of(owner, [READ])
    rotate = f"/tokens/{made['id']}/rotate"
    status, answer = await call("POST", rotate, owner.headers, {"overlapMinutes": 5})
    new = {"X-API-Key": answer["data"]["secret"]}
    assert status == 200
    assert [(await call("GET", "/jobs", headers))[0] for headers in (old, new)] == [200, 200]
    await change(ApiToken, {"previous_until": ago(seconds=1)}, id=made["id"])
    assert [(await call("GET", "/jobs", headers))[0] for headers in (old, new)] == [401, 200]
    _, answer = await call("POST", rotate, owner.headers, {"overlapMinutes": 0})
    newest = {"X-API-Key": answer["data"]["secret"]}
    kept = [(await call("GET", "/jobs", headers))[0] for headers in (newest, old)]
    assert kept == [200, 401]


async def test_only_the_hash_of_a_secret_is_stored(person, token_of, kernel):
    headers, made = await token_of(await person("viewer"), [READ])
    secret = headers["X-API-Key"]
    async with kernel.database.control(read_only=True) as unit:
        row = str(dict(await unit.connection.fetchrow("SELECT * FROM api_token WHERE id = $1", made["id"])))
    assert secret not in row
    assert hashlib.sha256(secret.encode()).hexdigest() == digest(secret).hex()
    assert digest(secret).hex() in row
    assert secret.startswith(made["prefix"])
    assert len(made["prefix"]) == 11


async def test_use_is_noted_at_most_once_a_minute(call, person, token_of, kernel, change):
    owner = await person("viewer")
    headers, made = await token_of(owner, [READ])
    path = f"/tokens/{made['id']}"

    async def used():
        kernel.identifier.forget()
        await call("GET", "/jobs", headers)
        return (await call("GET", path, owner.headers))[1]["data"]["lastUsedAt"]

    assert made["lastUsedAt"] is None
    first = await used()
    assert first is not None
    assert await used() == first
    await change(ApiToken, {"last_used_at": ago(minutes=2)}, id=made["id"])
    assert await used() > first
    assert (await call("GET", path, owner.headers))[1]["data"]["lastUsedAddress"] == "127.0.0.1"


async def test_a_remembered_token_costs_no_statement(call, person, token_of, kernel):
    headers, _ = await token_of(await person("viewer"), [READ])
    assert (await call("GET", "/auth/me", headers))[0] == 200
    database = kernel.database
    kernel.identifier._database = None  # any statement to find out who calls would now fail
    try:
        assert (await call("GET", "/auth/me", headers))[0] == 200
    finally:
        kernel.identifier._database = database


async def test_people_see_their_own_tokens_only(call, person, token_of):
    owner, other = await person("viewer"), await person("admin")
    _, made = await token_of(owner, [READ])
    path = f"/tokens/{made['id']}"
    for method, target, body in [
        ("GET", path, None),
        ("PUT", path, {"name": "mine"}),
        ("POST", f"{path}/rotate", {}),
        ("DELETE", path, None),
    ]:
        assert (await call(method, target, other.headers, body))[0] == 404
    assert (await call("GET", "/tokens", other.headers))[1]["meta"]["total"] == 0
    assert (await call("GET", "/tokens", owner.headers))[1]["meta"]["total"] == 1


async def test_administrators_see_and_revoke_everybodys_tokens_of_their_tenant(
    call, person, token_of, admin, stranger, kernel
):
    owner = await person("viewer")
    headers, made = await token_of(owner, [READ])
    _, listed = await call("GET", f"/admin/tokens?userId={owner.id}", admin)
    assert [(row["id"], row["userEmail"]) for row in listed["data"]] == [(made["id"], owner.email)]
    assert "secret" not in listed["data"][0]
    assert (await call("DELETE", f"/admin/tokens/{made['id']}", stranger))[0] == 404
    assert (await call("GET", "/jobs", headers))[0] == 200
    assert (await call("DELETE", f"/admin/tokens/{made['id']}", admin))[0] == 204
    kernel.identifier.forget()
    assert (await call("GET", "/jobs", headers))[0] == 401
    assert (await call("GET", f"/tokens/{made['id']}", owner.headers))[1]["data"]["state"] == "revoked"
    assert (await call("DELETE", f"/admin/tokens/{made['id']}", admin))[0] == 404


@pytest.mark.parametrize("moved", [timedelta(seconds=-1), timedelta(days=800)])
async def test_a_token_expires_in_the_future_and_within_two_years(call, person, moved):
    body = {"name": "ci", "scopes": [READ], "expiresAt": (datetime.now(UTC) + moved).isoformat()}
    status, answer = await call("POST", "/tokens", (await person("viewer")).headers, body)
    assert (status, answer["code"]) == (422, "BAD_EXPIRY")


async def test_a_list_without_the_tenant_it_is_bound_to_is_refused(kernel):
    async with kernel.database.control(read_only=True):
        with pytest.raises(KeyError, match="tenant_id"):
            await queries.ALL.count({})
