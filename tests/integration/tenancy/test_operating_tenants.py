"""What operators do with tenants; each test on tenants of its own."""

import asyncio
import csv
import io
import json
import zipfile

import pytest
import pytest_asyncio

from threatweaver.auth import service as auth
from threatweaver.auth.models import Membership
from threatweaver.auth.queries import memberships_of
from threatweaver.ids import uuid7
from threatweaver.jobs import store
from threatweaver.jobs.lanes import Lane
from threatweaver.tenancy import operators
from threatweaver.tenancy.models import Tenant

PATH = "/api/tenants"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def operator(as_role, tenant):
    return await as_role("operator", tenant)


@pytest.fixture
def ask(client, operator):
    async def asked(method, path, *, headers=operator, **options):
        async with client.request(method, path, headers=headers, **options) as answer:
            body = await answer.read() if answer.status != 204 else b"null"
            return answer.status, json.loads(body) if "json" in answer.content_type else body

    return asked


@pytest.fixture
def made(ask):
    async def make(**more):
        body = {"slug": f"op-{uuid7().hex[-12:]}", "name": "Customer", **more}
        status, answer = await ask("POST", PATH, json=body)
        assert status == 201, answer
        return answer["data"]

    return make


@pytest.fixture
def admin_of(as_role):
    async def make(data, role="admin"):
        return await as_role(role, Tenant(id=data["id"], slug=data["slug"]))

    return make


async def test_only_operators_reach_tenants_and_only_from_their_own_tenant(
    ask, made, kernel, client, admin, tenant
):
    other = await made()
    me = (await ask("GET", "/api/auth/me"))[1]
    async with kernel.database.control():  # the operator is an administrator over there as well
        await Membership.create(user_id=me["id"], tenant_id=other["id"], role="admin")
    there = await session_in(kernel, me["id"], other)
    for headers in (admin, there):
        for method, path, options in [
            ("GET", PATH, {}),
            ("POST", PATH, {"json": {"slug": "mine", "name": "Mine"}}),
            ("POST", f"{PATH}/{tenant.id}/suspend", {"json": {"reason": "because"}}),
            ("DELETE", f"{PATH}/{tenant.id}", {"params": {"confirm": tenant.slug}}),
        ]:
            status, body = await ask(method, path, headers=headers, **options)
            assert (status, body["code"]) == (403, "FORBIDDEN")
    assert (await ask("GET", PATH))[0] == 200


async def session_in(kernel, user_id, data):
    """Return headers of a session of this person in that tenant."""
    async with kernel.database.control(read_only=True):
        identity = next(item for item in await memberships_of(user_id) if str(item.tenant_id) == data["id"])
    signed = await auth.open_session(
        kernel.signer(), identity, user_agent="", address="127.0.0.1", method="password", mfa=False
    )
    return {"Authorization": f"Bearer {signed.access_token}"}


async def test_an_operator_is_made_and_unmade_by_command_alone(kernel, client, as_role, tenant):
    headers = await as_role("admin", tenant)
    async with client.get("/api/auth/me", headers=headers) as answer:
        me = await answer.json()

    async def status():
        async with client.get(PATH, headers=headers) as answer:
            return answer.status

    assert await status() == 403
    async with kernel.database.control():
        await operators.grant(me["email"], tenant)
        assert (me["email"], tenant.slug) in await operators.listed()
    assert await status() == 200
    async with kernel.database.control():
        await operators.revoke(me["email"])
    assert await status() == 403
    async with kernel.database.control(read_only=True):
        with pytest.raises(operators.OperatorError):
            await operators.grant("nobody@example.com", tenant)


async def test_a_tenant_is_made_with_its_administrator_who_must_change_the_password(ask, made, client):
    email = f"{uuid7().hex}@example.com"
    data = await made(admin={"email": email}, plan="gold")
    assert (data["plan"], data["members"], data["suspendedAt"]) == ("gold", 1, None)
    body = {"email": email, "password": data["initialPassword"]}
    async with client.post("/api/auth/login", json=body) as answer:
        signed = await answer.json()
        assert answer.status == 200, signed
    assert (await ask("POST", PATH, json={"slug": data["slug"], "name": "Again"}))[0] == 409
    second = await made(admin={"email": email})
    assert second["initialPassword"] is None


async def test_a_suspended_tenant_lets_nobody_in_and_runs_no_job(ask, made, admin_of, client, kernel, worker):
    email = f"{uuid7().hex}@example.com"
    data = await made(admin={"email": email})
    headers = await admin_of(data)
    assert (await ask("GET", "/api/auth/me", headers=headers))[0] == 200
    status, body = await ask("POST", f"{PATH}/{data['id']}/suspend", json={"reason": "unpaid"})
    assert (status, body["data"]["suspendedReason"]) == (200, "unpaid")
    for method, path in (("GET", "/api/auth/me"), ("GET", "/api/assets"), ("POST", "/api/auth/logout")):
        status, body = await ask(method, path, headers=headers)
        assert (status, body["code"]) == (403, "TENANT_SUSPENDED")
    login = {"email": email, "password": data["initialPassword"]}
    async with client.post("/api/auth/login", json=login) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "TENANT_SUSPENDED")
    job_id = await enqueued(kernel, data)
    await parked(kernel, job_id)
    status, _ = await ask("POST", f"{PATH}/{data['id']}/resume")
    assert status == 200
    assert (await ask("GET", "/api/auth/me", headers=headers))[0] == 200
    assert await ended(kernel, job_id) == "failed"  # it ran: there is no such mail


async def enqueued(kernel, data):
    job_id = uuid7()
    async with kernel.database.control():
        await store.enqueue(
            job_id,
            tenant_id=data["id"],
            user_id=None,
            module_id=None,
            kind="kernel.send_mail",
            payload={"mail_id": "none"},
            lane=Lane.OUTWARD,
        )
    return job_id


async def parked(kernel, job_id):
    async with asyncio.timeout(15):
        while True:
            async with kernel.database.control(read_only=True) as unit:
                row = await unit.connection.fetchrow("SELECT status, queue_id FROM job WHERE id = $1", job_id)
            if (row["status"], row["queue_id"]) == ("queued", None):
                return
            await asyncio.sleep(0.05)


async def ended(kernel, job_id):
    async with asyncio.timeout(15):
        while True:
            async with kernel.database.control(read_only=True):
                row = await store.find(job_id)
            if row["status"] in store.FINAL:
                return row["status"]
            await asyncio.sleep(0.05)


async def test_the_operators_own_tenant_stays(ask, tenant):
    status, body = await ask("POST", f"{PATH}/{tenant.id}/suspend", json={"reason": "by mistake"})
    assert (status, body["code"]) == (409, "OPERATORS_TENANT")
    status, body = await ask("DELETE", f"{PATH}/{tenant.id}", params={"confirm": tenant.slug})
    assert (status, body["code"]) == (409, "OPERATORS_TENANT")


async def test_an_export_has_every_table_and_no_secret_of_its_people(ask, made, admin_of, operator, worker):
    data = await made()
    headers = await admin_of(data)
    name = f"tag-{uuid7().hex}"
    assert (await ask("POST", "/api/tags", headers=headers, json={"name": name}))[0] == 201
    status, job = await ask("POST", f"{PATH}/{data['id']}/exports", headers={**operator, "Prefer": "wait=30"})
    assert (status, job["status"]) == (202, "completed"), job
    status, content = await ask("GET", job["result"]["url"])
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        about = json.loads(found.read("tenant.json"))
        tags = list(csv.DictReader(io.StringIO(found.read("data/exposure_tag.csv").decode())))
        members = found.read("control/members.csv").decode()
        assert {f"{table}.csv" for table in about["rows"]} | {"tenant.json"} == set(found.namelist())
    assert [row["name"] for row in tags] == [name]
    assert about["tenant"]["slug"] == data["slug"]
    assert "argon2" not in members
    _, listed = await ask("GET", f"{PATH}/{data['id']}/exports")
    assert [item["id"] for item in listed["data"]] == [job["jobId"]]
    assert (await ask("DELETE", job["result"]["url"]))[0] == 204
    assert (await ask("GET", job["result"]["url"]))[0] == 404


async def test_dropping_takes_two_steps_and_a_confirmation(ask, made):
    data = await made()
    path = f"{PATH}/{data['id']}"
    status, body = await ask("DELETE", path, params={"confirm": data["slug"]})
    assert (status, body["code"]) == (409, "TENANT_NOT_SUSPENDED")
    await ask("POST", f"{path}/suspend", json={"reason": "leaves"})
    status, body = await ask("DELETE", path, params={"confirm": "another"})
    assert (status, body["code"]) == (422, "NOT_CONFIRMED")
    assert (await ask("DELETE", path))[0] == 400
    assert (await ask("DELETE", path, params={"confirm": data["slug"]}))[0] == 204
    assert (await ask("GET", path))[0] == 404


async def test_a_dropped_tenant_leaves_nothing_anywhere(ask, made, admin_of, kernel, client):
    data, kept = await made(), await made()
    headers = await admin_of(data)
    me = (await ask("GET", "/api/auth/me", headers=headers))[1]
    shared = (await ask("GET", "/api/auth/me", headers=await admin_of(data)))[1]
    async with kernel.database.control():  # one of its people is in another tenant as well
        await Membership.create(user_id=shared["id"], tenant_id=kept["id"], role="viewer")
    network = "/api/admin/security/ip-blacklist"
    assert (await ask("POST", network, headers=headers, json={"range": "203.0.113.0/24"}))[0] == 201
    path = f"{PATH}/{data['id']}"
    await ask("POST", f"{path}/suspend", json={"reason": "leaves"})
    await parked(kernel, await enqueued(kernel, data))
    assert (await ask("DELETE", path, params={"confirm": data["slug"]}))[0] == 204
    traces = await everywhere(kernel, (data["id"], me["id"], me["email"], data["slug"]))
    assert [where for where in traces if not where[0].startswith("audit_")] == []
    async with kernel.database.control(read_only=True) as unit:
        schema = f"t_{data['id'].replace('-', '')}"
        for query in ("pg_namespace WHERE nspname = $1", "pg_roles WHERE rolname = $1"):
            assert await unit.connection.fetchval(f"SELECT count(*) FROM {query}", schema) == 0
        assert await unit.connection.fetchval("SELECT count(*) FROM user_account WHERE id = $1", shared["id"])
    assert not (kernel.settings.exports / data["id"]).exists()


async def everywhere(kernel, words):
    """Return (table, row) of every row of the control schema that has one of these words in it."""
    found = []
    async with kernel.database.control(read_only=True) as unit:
        tables = await unit.connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'control'")
        for (table,) in tables:
            for word in words:
                rows = await unit.connection.fetch(
                    f"SELECT r::text FROM \"{table}\" r WHERE r::text ILIKE '%' || $1 || '%'", word
                )
                found += [(table, row[0]) for row in rows]
    return found
