"""What each person is mailed, and when: defaults, choices, digests, quiet hours, time zones."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from threatweaver.access.models import CustomRole, Grant
from threatweaver.auth.models import Membership, User
from threatweaver.ids import uuid7
from threatweaver.severity import Severity
from threatweaver.testing.identities import headers_for

PREFERENCES = "/api/notification/preferences"
LONG_AGO = datetime(2026, 3, 27, tzinfo=UTC)  # a Friday, two days before clocks in Berlin go forward


@pytest.fixture
def person(scene, api):
    """A function: somebody with a role, as headers, id and address."""

    async def made(role="viewer", **preferences):
        headers = await headers_for(scene.kernel, role=role, tenant=scene.tenant)
        async with api.get("/api/auth/me", headers=headers) as answer:
            me = await answer.json()
        if preferences:
            async with api.put(PREFERENCES, json=preferences, headers=headers) as answer:
                assert answer.status == 200, await answer.text()
        return headers, UUID(me["id"]), me["email"]

    return made


def choice(event, mode):
    return {"event": event, "channel": "email", "mode": mode}


FAILED, LOCKED = "kernel.import_failed", "kernel.user_locked"
AT_ONCE = [choice(FAILED, "immediate")]
DIGEST = [choice(FAILED, "digest")]


async def test_preferences_begin_as_the_events_declare_and_are_replaced_whole(api, person):
    headers, _, _ = await person()
    async with api.get(PREFERENCES, headers=headers) as answer:
        body = (await answer.json())["data"]
    modes = {item["event"]: item["mode"] for item in body["events"]}
    assert (modes[FAILED], modes["kernel.new_device"]) == ("digest", "immediate")
    assert LOCKED not in modes  # not a viewer's business
    assert (body["timeZone"], body["quietHours"]) == ("UTC", None)
    quiet = {"start": "22:00", "end": "06:30"}
    wanted = {"timeZone": "Asia/Kolkata", "quietHours": quiet, "events": [choice(FAILED, "off")]}
    async with api.put(PREFERENCES, json=wanted, headers=headers) as answer:
        body = (await answer.json())["data"]
    assert {item["event"]: item["mode"] for item in body["events"]} == {**modes, FAILED: "off"}
    assert (body["timeZone"], body["quietHours"]) == ("Asia/Kolkata", quiet)
    async with api.put(PREFERENCES, json={}, headers=headers) as answer:
        body = (await answer.json())["data"]
    assert {item["event"]: item["mode"] for item in body["events"]} == modes


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"timeZone": "Mars/Olympus"}, 422),
        ({"timeZone": "UTC'; DROP TABLE x; --"}, 422),
        ({"events": [choice(LOCKED, "immediate")]}, 422),
        ({"events": [choice(FAILED, "sometimes")]}, 400),
        ({"quietHours": {"start": "22:00", "end": "22:00"}}, 400),
        ({"quietHours": {"start": "24:00", "end": "06:00"}}, 400),
        ({"digest": {"hour": 24}}, 400),
        ({"digest": {"weekday": 0}}, 400),
    ],
)
async def test_preferences_that_make_no_sense_are_refused(api, person, body, status):
    headers, _, _ = await person()
    async with api.put(PREFERENCES, json=body, headers=headers) as answer:
        assert answer.status == status


async def test_people_hear_of_what_they_may_and_chose(scene, person):
    _, _, told = await person("admin")
    await person("viewer")
    await person("admin", events=[choice(LOCKED, "off")])
    await scene.happen(title="Ada was locked out", link="/users")
    assert await scene.deliver() == 1
    _, recipients, message = scene.mailbox.got.pop()
    assert recipients == [told]
    assert message["Subject"] == "[INFO] Ada was locked out"
    assert "https://tw.example/users" in message.get_content()


async def test_a_grant_lets_people_hear_and_a_part_of_the_tenant_does_not(scene, person):
    _, everywhere, told = await person("viewer")
    _, partly, _ = await person("viewer")
    async with scene.kernel.database.tenant(scene.tenant.schema):
        role = await CustomRole.create(name=uuid7().hex, title="t", permissions=["kernel:notification:write"])
        common = {"role": role.name, "created_by": everywhere}
        await Grant.create(user_id=everywhere, scope="tenant", **common)
        await Grant.create(user_id=partly, scope="tag", scope_id=uuid7(), **common)
    await scene.happen()
    assert await scene.deliver() == 1
    assert scene.mailbox.got.pop()[1] == [told]


async def test_a_personal_event_concerns_one_person_and_no_channel(scene, person):
    _, user_id, address = await person()
    await person("admin")
    await scene.add_channel()
    await scene.happen("kernel.new_device", user_id=user_id)
    assert await scene.deliver() == 1
    assert scene.mailbox.got.pop()[1] == [address]
    assert scene.receiver.got == []


async def test_a_digest_is_one_mail(scene, person):
    await person(events=DIGEST)
    for hour in (9, 10, 11):
        await scene.happen(FAILED, at=LONG_AGO + timedelta(hours=hour), title=f"report {hour} failed")
    assert await scene.deliver() == 1
    _, _, message = scene.mailbox.got.pop()
    assert message["Subject"] == "3 notifications"
    text = message.get_content()
    assert text.index("report 9") < text.index("report 10") < text.index("report 11")
    assert {row.status for row in await scene.log()} == {"sent"}


async def test_what_is_planned_for_later_waits(scene, person):
    await person(events=DIGEST)
    await scene.happen(FAILED)
    assert await scene.deliver() == 0
    row = await scene.only()
    assert (row.status, row.due_at > datetime.now(UTC)) == ("queued", True)


@pytest.mark.parametrize(
    ("preferences", "hours", "planned"),
    [
        ({"events": AT_ONCE}, 3, "2026-03-27 03:00"),
        ({"events": DIGEST}, 7, "2026-03-27 08:00"),
        ({"events": DIGEST}, 8, "2026-03-28 08:00"),
        ({"events": DIGEST, "digest": {"hour": 0}}, 23, "2026-03-28 00:00"),
        # Berlin is an hour ahead of UTC until the 29th, two from then on.
        ({"events": DIGEST, "timeZone": "Europe/Berlin"}, 6, "2026-03-27 07:00"),
        ({"events": DIGEST, "timeZone": "Europe/Berlin"}, 24 + 8, "2026-03-29 06:00"),
        ({"events": DIGEST, "timeZone": "Asia/Kolkata"}, 1, "2026-03-27 02:30"),
        ({"events": DIGEST, "digest": {"frequency": "weekly"}}, 1, "2026-03-30 08:00"),
        ({"events": DIGEST, "digest": {"frequency": "weekly", "weekday": 5}}, 1, "2026-03-27 08:00"),
        ({"events": DIGEST, "digest": {"frequency": "weekly", "weekday": 5}}, 9, "2026-04-03 08:00"),
        ({"events": AT_ONCE, "quietHours": {"start": "22:00", "end": "07:00"}}, 23, "2026-03-28 07:00"),
        ({"events": AT_ONCE, "quietHours": {"start": "22:00", "end": "07:00"}}, 6, "2026-03-27 07:00"),
        ({"events": AT_ONCE, "quietHours": {"start": "22:00", "end": "07:00"}}, 7, "2026-03-27 07:00"),
        ({"events": AT_ONCE, "quietHours": {"start": "22:00", "end": "07:00"}}, 12, "2026-03-27 12:00"),
        ({"events": AT_ONCE, "quietHours": {"start": "12:00", "end": "14:00"}}, 13, "2026-03-27 14:00"),
        ({"events": AT_ONCE, "quietHours": {"start": "12:00", "end": "14:00"}}, 14, "2026-03-27 14:00"),
    ],
    ids=str,
)
async def test_the_moment_somebody_is_told(scene, person, preferences, hours, planned):
    await person(**preferences)
    await scene.happen(FAILED, at=LONG_AGO + timedelta(hours=hours))
    await scene.plan()
    row = await scene.only()
    assert f"{row.planned_for:%Y-%m-%d %H:%M}" == planned
    assert row.due_at == row.planned_for


async def test_who_left_is_not_mailed(scene, person):
    for leave in ("inactive", "gone"):
        _, user_id, _ = await person(events=AT_ONCE)
        await scene.happen(FAILED, key=leave)
        await scene.plan()
        async with scene.kernel.database.control():
            if leave == "inactive":
                await User.filter(id=user_id).update(is_active=False)
            else:
                await Membership.filter(user_id=user_id).delete()
        await scene.deliver()
        row = await scene.only(user_id=user_id)
        assert (row.status, "no active member" in row.last_error) == ("dead", True)
    assert scene.mailbox.got == []


async def test_a_mail_that_was_refused_stays_one_mail(scene, person):
    await person(events=DIGEST)
    for hour in (9, 10):
        await scene.happen(FAILED, at=LONG_AGO + timedelta(hours=hour))
    scene.mailbox.answers.append("451 later")
    assert await scene.deliver() == 1
    assert {(row.status, row.attempts) for row in await scene.log()} == {("queued", 1)}
    await scene.make_due()
    assert await scene.deliver() == 1
    assert scene.mailbox.got[0][2]["Subject"] == "2 notifications"


async def preview(api, headers, path="", body=None):
    method = "GET" if body is None else "POST"
    async with api.request(
        method, f"/api/notification/preview{path}?days=7", json=body, headers=headers
    ) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["data"]


async def week(scene):
    """Let a week pass: events of several kinds, spread over days and hours."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(1, 6):
        for hour in (1, 5, 13, 13, 22):
            at = today - timedelta(days=day) + timedelta(hours=hour, microseconds=day)
            await scene.happen(FAILED, at=at, severity=Severity(day % 5))
            await scene.happen(LOCKED, at=at + timedelta(seconds=1), severity=Severity.CRITICAL)


CANDIDATES = [
    {},
    {"events": AT_ONCE},
    {"events": [choice(FAILED, "off"), choice(LOCKED, "digest")], "digest": {"frequency": "weekly"}},
    {"events": AT_ONCE, "timeZone": "America/New_York", "quietHours": {"start": "21:00", "end": "08:00"}},
]


@pytest.mark.parametrize("wanted", CANDIDATES, ids=str)
async def test_the_preview_of_preferences_is_what_is_then_sent(scene, api, person, wanted):
    headers, _, _ = await person("admin", events=[choice(FAILED, "off"), choice(LOCKED, "off")])
    await week(scene)
    await scene.deliver()
    assert await scene.log() == []
    foretold = await preview(api, headers, "/preferences", wanted)
    async with api.put(PREFERENCES, json=wanted, headers=headers) as answer:
        assert answer.status == 200
    stored = await preview(api, headers)
    assert {name: stored[name] for name in foretold} == foretold
    await scene.sql("UPDATE notification_event SET status = 'pending'")
    await scene.plan()
    await scene.make_due()
    await scene.deliver()
    assert foretold["mails"] > 0
    assert len(await scene.log(status="sent")) == foretold["notifications"]
    assert len(scene.mailbox.got) == foretold["mails"]


async def test_the_preview_of_a_filter_is_what_is_then_sent(scene, api, person):
    headers, _, _ = await person("admin", events=[choice(FAILED, "off"), choice(LOCKED, "off")])
    await week(scene)
    await scene.deliver()
    for number, (events, severity) in enumerate([([], "INFO"), ([FAILED], "MEDIUM"), ([LOCKED], "CRITICAL")]):
        wanted = {"events": events, "minimumSeverity": severity}
        foretold = await preview(api, headers, "/channel", wanted)
        assert sum(item["deliveries"] for item in foretold["events"]) == foretold["deliveries"] > 0
        body = {"kind": "webhook", "name": f"hook {number}", "url": scene.receiver.url, **wanted}
        async with api.post("/api/notification/channels", json=body, headers=headers) as answer:
            channel = (await answer.json())["data"]["id"]
        listed = {item["id"]: item["deliveries"] for item in (await preview(api, headers))["channels"]}
        assert listed[channel] == foretold["deliveries"]
        await scene.sql("UPDATE notification_event SET status = 'pending'")
        await scene.deliver()
        assert len(await scene.log(status="sent", channel_id=channel)) == foretold["deliveries"]


async def test_a_viewer_previews_their_own_mail_only(scene, api, person):
    await scene.add_channel()
    headers, _, _ = await person("viewer")
    assert (await preview(api, headers))["channels"] == []
    async with api.post("/api/notification/preview/channel", json={}, headers=headers) as answer:
        assert answer.status == 403


async def test_nobody_reads_or_changes_the_preferences_of_others(scene, api, person):
    first, _, _ = await person(timeZone="Asia/Kolkata")
    second, _, _ = await person()
    async with api.get(PREFERENCES, headers=second) as answer:
        assert (await answer.json())["data"]["timeZone"] == "UTC"
    async with api.put(PREFERENCES, json={"userId": str(uuid7())}, headers=first) as answer:
        assert answer.status == 400
