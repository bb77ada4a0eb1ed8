"""Idempotency-Key: a POST sent twice is done once, whatever happens in between."""

import asyncio

import pytest
import pytest_asyncio
from marshmallow import fields

from threatweaver.db.transaction import connection
from threatweaver.http.errors import Conflict
from threatweaver.http.route import SIGNED_IN, RouteTable, Scope, bare
from threatweaver.http.schema import Schema
from threatweaver.ids import uuid7

REPORT = b"<NessusClientData_v2></NessusClientData_v2>"
table = RouteTable(path="/idempotent", tag="Test")
calls = []


class Word(Schema):
    word = fields.String(required=True)


async def write(word):
    """Leave a row that tells how often this was done, in a control scope."""
    calls.append(word)
    await connection().execute(
        """INSERT INTO rate_bucket (id, name, subject, used, resets_at) VALUES ($1, 'test', '', 1, now())
           ON CONFLICT (id) DO UPDATE SET used = rate_bucket.used + 1""",
        word,
    )


@table.route("POST", "/control", permission=SIGNED_IN, body=Word, returns=bare(Word), scope=Scope.CONTROL)
async def in_control(ctx):
    """Write, and lose the connection when asked to."""
    await write(ctx.body["word"])
    if len(calls) == 1 and "lost" in ctx.body["word"]:
        await connection().fetchval("SELECT pg_terminate_backend(pg_backend_pid())")
    return ctx.body


@table.route("POST", "/own", permission=SIGNED_IN, body=Word, returns=bare(Word), scope=Scope.NONE)
async def on_its_own(ctx):
    """Write in a transaction of its own, and fail after or before it when asked to."""
    word = ctx.body["word"]
    if "refused" in word and word not in calls:
        calls.append(word)
        raise Conflict
    async with ctx.kernel.database.control():
        await write(word)
    if "crash" in word:
        raise RuntimeError(word)
    return ctx.body


@table.route("POST", "/cookie", permission=SIGNED_IN, body=Word, returns=bare(Word), scope=Scope.NONE)
async def with_a_cookie(ctx):
    """Write and set a cookie."""
    async with ctx.kernel.database.control():
        await write(ctx.body["word"])
    ctx.set_cookie("word", ctx.body["word"], path="/", max_age=60)
    return ctx.body


@table.route("POST", "/large", permission=SIGNED_IN, body=Word, returns=bare(Word), scope=Scope.CONTROL)
async def large(ctx):
    """Write and say a lot."""
    await write(ctx.body["word"])
    return {"word": "x" * 300_000}


@pytest_asyncio.fixture(loop_scope="session")
async def served(edge, kernel):
    calls.clear()
    async with edge(*table.routes) as opened:
        yield opened
    async with kernel.database.control() as unit:
        await unit.connection.execute("DELETE FROM rate_bucket; DELETE FROM idempotent_answer")


@pytest.fixture
def times(kernel):
    """How often a word was written for good."""

    async def count(word):
        async with kernel.database.control(read_only=True) as unit:
            return await unit.connection.fetchval("SELECT used FROM rate_bucket WHERE id = $1", word) or 0

    return count


def keyed(headers, key=None):
    return {**headers, "Idempotency-Key": key or uuid7().hex}


async def post(client, path, body, headers):
    """Return status, whether it was answered before, and the body."""
    async with client.post(f"/api{path}", json=body, headers=headers) as answer:
        replayed = answer.headers.get("Idempotency-Replayed") == "true"
        return answer.status, replayed, await answer.json()


async def audit_lines(kernel, tenant):
    async with kernel.database.owner(tenant.schema) as unit:
        return await unit.connection.fetchval("SELECT count(*) FROM audit_line")


async def test_a_repeated_post_is_answered_again_and_done_once(client, admin, kernel, tenant):
    headers, body = keyed(admin), {"name": uuid7().hex}
    first = await post(client, "/tags", body, headers)
    lines = await audit_lines(kernel, tenant)
    second = await post(client, "/tags", body, headers)
    assert (first[:2], second[:2]) == ((201, False), (201, True))
    assert first[2] == second[2]
    assert await audit_lines(kernel, tenant) == lines
    assert (await post(client, "/tags", body, admin))[0] == 409  # without the key it is a duplicate


async def test_a_key_belongs_to_one_request(client, admin):
    headers, body = keyed(admin), {"name": uuid7().hex}
    await post(client, "/tags", body, headers)
    other_body = await post(client, "/tags", {"name": uuid7().hex}, headers)
    other_path = await post(client, "/asset-groups", body, headers)
    assert [(item[0], item[2]["code"]) for item in (other_body, other_path)] == [
        (422, "IDEMPOTENCY_KEY_REUSED")
    ] * 2


async def test_another_user_and_another_tenant_have_keys_of_their_own(
    client, admin, stranger, as_role, tenant
):
    key, body = uuid7().hex, {"name": uuid7().hex}
    colleague = await as_role("admin", tenant)
    assert (await post(client, "/tags", body, keyed(admin, key)))[:2] == (201, False)
    assert (await post(client, "/tags", body, keyed(stranger, key)))[:2] == (201, False)
    assert (await post(client, "/tags", body, keyed(colleague, key)))[:2] == (409, False)


async def test_who_may_not_call_gets_no_kept_answer(client, admin, viewer, stranger):
    headers, body = keyed(admin), {"name": uuid7().hex}
    await post(client, "/tags", body, headers)
    assert (await post(client, "/tags", body, {"Idempotency-Key": headers["Idempotency-Key"]}))[0] == 401
    assert (await post(client, "/tags", body, keyed(viewer, headers["Idempotency-Key"])))[0] == 403


@pytest.mark.parametrize("path", ["/idempotent/control", "/idempotent/own"])
async def test_of_many_at_once_one_is_done(served, admin, times, path):
    word, headers = uuid7().hex, keyed(admin)
    answers = await asyncio.gather(*(post(served, path, {"word": word}, headers) for _ in range(12)))
    assert await times(word) == 1
    fresh = [item for item in answers if item[0] == 200 and not item[1]]
    waiting = [item for item in answers if item[0] == 409]
    assert len(fresh) == 1
    assert {item[2]["code"] for item in waiting} <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert all(item[2] == {"word": word} for item in answers if item[0] == 200)


async def test_a_connection_lost_before_the_commit_leaves_neither_write_nor_answer(served, admin, times):
    word, headers = f"lost-{uuid7().hex}", keyed(admin)
    assert (await post(served, "/idempotent/control", {"word": word}, headers))[0] == 503
    assert await times(word) == 0
    assert (await post(served, "/idempotent/control", {"word": word}, headers))[:2] == (200, False)
    assert (await post(served, "/idempotent/control", {"word": word}, headers))[:2] == (200, True)
    assert await times(word) == 1


async def test_what_crashed_after_its_own_transaction_is_not_done_twice(served, admin, times):
    word, headers = f"crash-{uuid7().hex}", keyed(admin)
    assert (await post(served, "/idempotent/own", {"word": word}, headers))[0] == 500
    status, _, body = await post(served, "/idempotent/own", {"word": word}, headers)
    assert (status, body["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert await times(word) == 1


async def test_what_was_refused_may_be_tried_again_with_the_same_key(served, client, admin, times):
    word, headers = f"refused-{uuid7().hex}", keyed(admin)
    assert (await post(served, "/idempotent/own", {"word": word}, headers))[0] == 409
    assert (await post(served, "/idempotent/own", {"word": word}, headers))[:2] == (200, False)
    assert await times(word) == 1
    name, again = {"name": uuid7().hex}, keyed(admin)
    made = (await post(client, "/tags", name, admin))[2]["data"]["id"]
    assert (await post(client, "/tags", name, again))[0] == 409
    assert (await client.delete(f"/api/tags/{made}", headers=admin)).status == 204
    assert (await post(client, "/tags", name, again))[:2] == (201, False)


async def test_a_job_is_enqueued_once_and_the_second_file_is_thrown_away(client, kernel, admin):
    headers = keyed(admin) | {"X-Filename": "r.nessus", "Content-Type": "application/xml"}
    first = await client.post("/api/imports", data=REPORT, headers=headers)
    spooled = len(list(kernel.settings.spool.iterdir()))
    second = await client.post("/api/imports", data=REPORT, headers=headers)
    assert (first.status, second.status) == (202, 202)
    assert first.headers["Location"] == second.headers["Location"]
    assert (await first.json())["jobId"] == (await second.json())["jobId"]
    assert len(list(kernel.settings.spool.iterdir())) <= spooled
    other = await client.post("/api/imports", data=REPORT + b" ", headers=headers)
    assert other.status == 422


async def test_an_answer_is_kept_for_a_day_and_then_removed(served, kernel, admin, times):
    word, headers = uuid7().hex, keyed(admin)
    await post(served, "/idempotent/control", {"word": word}, headers)
    async with kernel.database.control() as unit:
        left = await unit.connection.fetchval("SELECT max(expires_at) - now() FROM idempotent_answer")
        await unit.connection.execute("UPDATE idempotent_answer SET expires_at = now() - interval '1 s'")
    assert 86390 < left.total_seconds() <= 86400
    await post(served, "/idempotent/control", {"word": uuid7().hex}, keyed(admin))
    async with kernel.database.control(read_only=True) as unit:
        assert await unit.connection.fetchval("SELECT count(*) FROM idempotent_answer") == 1
    assert (await post(served, "/idempotent/control", {"word": word}, headers))[:2] == (200, False)
    assert await times(word) == 2


async def test_a_kept_answer_is_sealed_for_its_key(served, kernel, admin):
    word, headers = uuid7().hex, keyed(admin)
    await post(served, "/idempotent/control", {"word": word}, headers)
    async with kernel.database.control() as unit:
        row = await unit.connection.fetchrow("SELECT * FROM idempotent_answer")
        assert word not in str(dict(row))
        assert headers["Idempotency-Key"] not in str(dict(row))
        stolen = kernel.secrets.seal("{}", purpose="another")
        await unit.connection.execute("UPDATE idempotent_answer SET body = $1", stolen)
    status, _, body = await post(served, "/idempotent/control", {"word": word}, headers)
    assert (status, body["code"]) == (409, "IDEMPOTENCY_ANSWER_NOT_KEPT")


async def test_a_large_answer_is_not_kept_and_not_made_twice(served, admin, times):
    word, headers = uuid7().hex, keyed(admin)
    assert (await post(served, "/idempotent/large", {"word": word}, headers))[0] == 200
    status, _, body = await post(served, "/idempotent/large", {"word": word}, headers)
    assert (status, body["code"]) == (409, "IDEMPOTENCY_ANSWER_NOT_KEPT")
    assert await times(word) == 1


async def test_an_answer_with_cookies_is_given_anew(served, admin, times):
    word, headers = uuid7().hex, keyed(admin)
    for _ in range(2):
        assert (await post(served, "/idempotent/cookie", {"word": word}, headers))[:2] == (200, False)
    assert await times(word) == 2


@pytest.mark.parametrize("key", ["", "a" * 256, "two words", "\xe9t\xe9"])
async def test_a_key_that_is_none_is_refused(client, admin, key):
    headers = {**admin, "Idempotency-Key": key}
    status, _, body = await post(client, "/tags", {"name": uuid7().hex}, headers)
    assert (status, body["details"][0]["field"]) == (400, "Idempotency-Key")


async def test_only_a_post_of_a_known_caller_reads_the_header(client, admin, kernel):
    headers = keyed(admin)
    answers = [await client.get("/api/tags", headers=headers) for _ in range(2)]
    assert ["Idempotency-Replayed" in answer.headers for answer in answers] == [False, False]
    wrong = {"email": "nobody@example.com", "password": "wrong"}
    key = {"Idempotency-Key": "not even / a key"}
    assert (await post(client, "/auth/login", wrong, key))[0] == 401


async def test_the_document_offers_the_header_on_every_post_of_a_known_caller(client):
    document = await (await client.get("/api-docs/swagger.json")).json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = {item["name"] for item in operation["parameters"]}
            expected = method == "post" and operation["security"] != []
            assert ("Idempotency-Key" in names) == expected, f"{method} {path}"
