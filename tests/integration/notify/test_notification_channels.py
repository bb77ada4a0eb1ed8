"""/notification/channels: what is kept, what is shown, and the test button."""

import base64
import hashlib
import hmac
import json

import pytest

from threatweaver.db.transaction import connection
from threatweaver.testing.identities import headers_for

PATH = "/api/notification/channels"


def signed(headers, body, secret):
    """Say which of the signatures of a webhook a secret explains, by Standard Webhooks' own words."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mine = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return [signature == mine for signature in headers["webhook-signature"].split(" ")]


@pytest.fixture
def create(api, admin, receiver):
    async def created(expected=201, **values):
        body = {"kind": "webhook", "name": "hook", "url": receiver.url, **values}
        body = {name: value for name, value in body.items() if value is not None}
        async with api.post(PATH, json=body, headers=admin) as answer:
            text = await answer.text()
            assert answer.status == expected, text
            return json.loads(text).get("data")

    return created


@pytest.fixture
def call(api, admin):
    async def called(method, path="", expected=200, headers=admin, **options):
        async with api.request(method, PATH + path, headers=headers, **options) as answer:
            assert answer.status == expected, await answer.text()
            return (await answer.json()).get("data")

    return called


async def test_a_secret_is_shown_once_and_a_url_never(create, call, wired, tenant, receiver):
    made = await create(events=["kernel.user_locked"], minimumSeverity="HIGH")
    assert made["secret"].startswith("whsec_")
    for shown in (await call("GET", f"/{made['id']}"), (await call("GET"))[0]):
        assert "secret" not in str(shown)
        assert shown["host"] == receiver.url.split("/")[2]
        assert (shown["events"], shown["minimumSeverity"]) == (["kernel.user_locked"], "HIGH")
    async with wired.database.tenant(tenant.schema):
        stored = str(await connection().fetch("SELECT * FROM notification_channel"))
        lines = str(await connection().fetch("SELECT * FROM audit_line"))
    for text in ("secret-in-url", made["secret"].removeprefix("whsec_")):
        assert text not in stored
        assert text not in lines


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"url": None}, 400),
        ({"kind": "email", "url": None}, 400),
        ({"kind": "email", "recipients": ["ada@example.com"]}, 400),
        ({"kind": "email", "url": None, "recipients": ["ada@example.com\r\nBcc: e@e.example"]}, 400),
        ({"recipients": ["ada@example.com"]}, 400),
        ({"url": "ftp://files.example/"}, 400),
        ({"url": "file:///etc/passwd"}, 400),
        ({"minimumSeverity": "HUGE"}, 400),
        ({"kind": "pager"}, 400),
        ({"url": "https://ada:secret@hooks.example/"}, 422),
        ({"events": ["kernel.nothing"]}, 422),
    ],
)
async def test_what_makes_no_channel_is_refused(create, values, expected):
    await create(expected, **values)


async def test_a_name_is_taken_once(create, call):
    await create()
    await create(409)
    other = await create(name="other")
    await call("PUT", f"/{other['id']}", 409, json={"name": "hook"})
    assert (await call("PUT", f"/{other['id']}", json={"name": "other"}))["name"] == "other"


async def test_a_test_arrives_signed_and_stands_in_the_log(create, call, api, admin, receiver):
    made = await create()
    outcome = await call("POST", f"/{made['id']}/test")
    assert (outcome["status"], outcome["responseCode"], outcome["attempts"]) == ("sent", 200, 1)
    headers, body = receiver.got.pop()
    assert signed(headers, body, made["secret"]) == [True]
    assert headers["Content-Type"] == "application/json"
    sent = json.loads(body)
    assert (sent["type"], sent["data"]["link"]) == ("kernel.test", "https://tw.example")
    async with api.get("/api/notification/deliveries", headers=admin) as answer:
        assert [row["id"] for row in (await answer.json())["data"]] == [outcome["id"]]


async def test_a_test_tells_why_it_failed(create, call, receiver):
    receiver.answers.append(500)
    made = await create()
    outcome = await call("POST", f"/{made['id']}/test")
    assert (outcome["status"], outcome["responseCode"]) == ("dead", 500)
    assert "500" in outcome["lastError"]


async def test_an_address_inside_is_refused(create, call, wired):
    for name, url in (("metadata", "http://169.254.169.254/latest"), ("inside", "http://10.0.0.1/")):
        made = await create(name=name, url=url)
        outcome = await call("POST", f"/{made['id']}/test")
        assert outcome["status"] == "dead"
        assert "not allowed" in outcome["lastError"]


async def test_after_a_rotation_both_secrets_sign_for_a_day(create, call, wired, tenant, receiver):
    made = await create()
    rotated = await call("POST", f"/{made['id']}/rotate-secret")
    assert rotated["secret"] != made["secret"]
    await call("POST", f"/{made['id']}/test")
    assert signed(*receiver.got[0], rotated["secret"]) == [True, False]
    assert signed(*receiver.got[0], made["secret"]) == [False, True]
    async with wired.database.tenant(tenant.schema):
        await connection().execute("UPDATE notification_channel SET old_secret_until = now()")
    await call("POST", f"/{made['id']}/test")
    assert signed(*receiver.got[1], rotated["secret"]) == [True]


async def test_only_webhooks_have_a_secret(create, call):
    made = await create(kind="slack")
    assert made["secret"] is None
    await call("POST", f"/{made['id']}/rotate-secret", 422)


async def test_a_put_changes_what_is_given(create, call, receiver):
    made = await create()
    changed = await call("PUT", f"/{made['id']}", json={"minimumSeverity": "LOW", "enabled": False})
    assert (changed["minimumSeverity"], changed["enabled"], changed["name"]) == ("LOW", False, "hook")
    await call("POST", f"/{made['id']}/test")
    assert "secret-in-url" in receiver.url
    assert len(receiver.got) == 1
    await call("PUT", f"/{made['id']}", 422, json={"recipients": ["ada@example.com"]})


async def test_managers_see_and_only_administrators_change(create, call, wired, tenant):
    made = await create()
    manager = await headers_for(wired, role="manager", tenant=tenant)
    viewer = await headers_for(wired, role="viewer", tenant=tenant)
    await call("GET", headers=manager)
    await call("POST", f"/{made['id']}/test", 403, headers=manager)
    await call("GET", expected=403, headers=viewer)


async def test_there_are_at_most_fifty(scene, create):
    for _ in range(50):
        await scene.add_channel()
    await create(409)
