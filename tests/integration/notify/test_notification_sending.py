"""From a raised event to real receivers: good ones, slow ones, broken ones and hostile ones."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace

import pytest
from aiohttp import web

from threatweaver.jobs import schedule
from threatweaver.notify.channels import senders
from threatweaver.notify.deliveries import service
from threatweaver.notify.events.service import raise_event
from threatweaver.severity import Severity
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.plugin import running_worker


async def test_an_event_reaches_every_kind_of_channel(scene):
    for kind in ("webhook", "slack", "teams"):
        await scene.add_channel(kind=kind, url=scene.receiver.url.replace("/hook", f"/{kind}"))
    await scene.add_channel(kind="email", recipients=["ops@example.com", "soc@example.com"])
    await scene.happen(
        title="<!channel> [x](http://evil) & co",
        severity=Severity.HIGH,
        link="/users",
        data={"user": "ada@example.com"},
    )
    assert await scene.deliver() == 4
    assert {row.status for row in await scene.log()} == {"sent"}
    bodies = [json.loads(body) for _, body in scene.receiver.got]
    hook = next(body for body in bodies if "type" in body and "data" in body)
    assert hook["type"] == "kernel.user_locked"
    assert hook["data"]["details"] == {"user": "ada@example.com"}
    assert (hook["data"]["severity"], hook["data"]["link"]) == ("HIGH", "https://tw.example/users")
    slack = next(body for body in bodies if "blocks" in body)
    assert "<!channel>" not in json.dumps(slack)
    assert "&lt;!channel&gt;" in slack["text"]
    card = next(body for body in bodies if "attachments" in body)["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["body"][0]["inlines"][0]["text"] == "<!channel> [x](http://evil) & co"
    _, recipients, message = scene.mailbox.got.pop()
    assert recipients == ["ops@example.com", "soc@example.com"]
    assert message["Subject"] == "[HIGH] <!channel> [x](http://evil) & co"
    assert "https://tw.example/users" in message.get_content()


async def test_a_channel_gets_what_its_filter_lets_through(scene):
    await scene.add_channel(events=["kernel.import_failed"])
    await scene.add_channel(minimum_severity=Severity.HIGH)
    await scene.add_channel(enabled=False)
    await scene.happen(severity=Severity.LOW)
    assert await scene.deliver() == 0
    await scene.happen("kernel.import_failed", severity=Severity.LOW)
    assert await scene.deliver() == 1
    await scene.happen("kernel.import_failed", severity=Severity.CRITICAL)
    assert await scene.deliver() == 2
    assert len(scene.receiver.got) == 3


async def test_what_is_rolled_back_is_told_to_nobody(scene):
    await scene.add_channel()

    async def fail():
        async with scene.kernel.database.tenant(scene.tenant.schema):
            await raise_event(scene.kernel, "kernel.user_locked", title="never")
            raise ZeroDivisionError

    with suppress(ZeroDivisionError):
        await fail()
    assert await scene.deliver() == 0


@pytest.mark.parametrize(
    ("name", "more"),
    [("kernel.nothing", {}), ("kernel.new_device", {}), ("kernel.user_locked", {"user_id": Tenant().id})],
)
async def test_only_declared_events_are_raised_for_whom_they_concern(scene, name, more):
    with pytest.raises(ValueError, match=name):
        await scene.happen(name, **more)


async def test_a_broken_receiver_is_tried_again_under_the_same_id(scene):
    scene.receiver.answers += [500, 503]
    await scene.add_channel()
    await scene.happen()
    assert await scene.deliver() == 1
    row = await scene.only()
    assert (row.status, row.attempts, row.response_code) == ("queued", 1, 500)
    assert "500" in row.last_error
    pause = (row.due_at - row.planned_for).total_seconds()
    assert 23 < pause < 60
    assert await scene.deliver() == 0
    for _ in range(2):
        await scene.make_due()
        assert await scene.deliver() == 1
    row = await scene.only()
    assert (row.status, row.attempts, row.response_code, row.last_error) == ("sent", 3, 200, "")
    assert len({headers["webhook-id"] for headers, _ in scene.receiver.got}) == 1
    assert len({body for _, body in scene.receiver.got}) == 1


async def test_a_worker_that_stops_finishes_what_it_has_begun_and_claims_no_more(scene):
    stopping = asyncio.Event()

    async def stop(_):
        stopping.set()
        return web.Response()

    await scene.add_channel()
    scene.receiver.answers += [stop]
    for number in range(20):
        await scene.happen(title=f"event {number}")
    tried = await scene.deliver(stopping=stopping)
    assert 0 < tried < 20
    assert len(scene.receiver.got) == tried
    rows = await scene.log()
    assert [row.attempts for row in rows if row.status == "queued"] == [0] * (20 - tried)
    assert await scene.deliver() == 20 - tried


def test_pauses_double_up_to_a_day():
    pauses = [service.delay(attempt).total_seconds() for attempt in range(1, service.ATTEMPTS)]
    assert all(0.8 * 30 * 2**n <= min(pause, 86_400) for n, pause in enumerate(pauses) if 30 * 2**n < 86_400)
    assert max(pauses) <= 86_400 * 1.2
    assert 24 * 3600 < sum(pauses) < 4 * 86_400


async def test_attempts_come_to_an_end_and_a_person_can_begin_anew(scene, api, admin):
    scene.receiver.answers += [500]
    channel, _ = await scene.add_channel()
    await scene.happen()
    await scene.plan()
    await scene.sql("UPDATE notification_delivery SET attempts = $1", service.ATTEMPTS - 1)
    await scene.deliver()
    row = await scene.only(channel_id=channel.id)
    assert (row.status, row.attempts) == ("dead", service.ATTEMPTS)
    path = f"/api/notification/deliveries/{row.id}/retry"
    async with api.post(path, headers=admin) as answer:
        assert (answer.status, (await answer.json())["data"]["status"]) == (200, "queued")
    assert await scene.deliver() == 1
    assert (await scene.only(channel_id=channel.id)).status == "sent"
    async with api.post(path, headers=admin) as answer:
        assert answer.status == 409


async def test_a_slow_drip_is_cut_off(scene, monkeypatch):
    monkeypatch.setattr(senders, "_TIMEOUT", 0.3)

    async def drip(request):
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(100):
                await response.write(b".")
                await asyncio.sleep(0.05)
        return response

    scene.receiver.answers.append(drip)
    await scene.add_channel()
    await scene.happen()
    assert await scene.deliver() == 1
    row = await scene.only()
    assert (row.status, row.response_code) == ("queued", None)


async def test_a_redirect_inside_is_not_followed(scene):
    async def redirect(_):
        return web.Response(status=307, headers={"Location": "http://169.254.169.254/latest/meta-data"})

    scene.receiver.answers.append(redirect)
    await scene.add_channel()
    await scene.happen()
    await scene.deliver()
    row = await scene.only()
    assert row.status == "dead"
    assert "not allowed" in row.last_error


async def test_a_channel_that_is_gone_is_switched_off_and_people_hear_of_it(scene, admin):
    scene.receiver.answers.append(410)
    channel, _ = await scene.add_channel(name="old hook", events=["kernel.import_completed"])
    await scene.happen("kernel.import_completed")
    await scene.deliver()
    (row,) = await scene.sql("SELECT enabled, disabled_reason FROM notification_channel")
    assert (row["enabled"], "410" in row["disabled_reason"]) == (False, True)
    lines = await scene.sql("SELECT action, target FROM audit_line")
    assert ("notification_channel_disabled", f"notification_channel:{channel.id}") in map(tuple, lines)
    await scene.deliver()
    assert "old hook was switched off" in scene.mailbox.got[0][2]["Subject"]


async def test_ten_lost_deliveries_in_a_row_switch_a_channel_off(scene):
    await scene.add_channel(url="http://10.0.0.1/")
    enabled = "SELECT enabled FROM notification_channel"
    for _ in range(9):
        await scene.happen()
    await scene.deliver()
    assert (await scene.sql(enabled))[0]["enabled"]
    await scene.happen()
    await scene.deliver()
    assert not (await scene.sql(enabled))[0]["enabled"]
    assert {row.status for row in await scene.log()} == {"dead"}


async def test_one_that_arrives_forgives_the_lost_ones(scene):
    await scene.add_channel()
    await scene.sql("UPDATE notification_channel SET lost = 9")
    await scene.happen()
    await scene.deliver()
    assert (await scene.sql("SELECT lost FROM notification_channel"))[0]["lost"] == 0


async def test_two_workers_send_once(scene):
    await scene.add_channel()
    for _ in range(20):
        await scene.happen()
    await asyncio.gather(*(scene.plan() for _ in range(3)))
    tried = await asyncio.gather(*(scene.deliver() for _ in range(3)))
    assert (sum(tried), len(scene.receiver.got)) == (20, 20)
    assert len({headers["webhook-id"] for headers, _ in scene.receiver.got}) == 20


async def test_a_worker_that_dies_loses_nothing_and_repeats_under_the_same_id(scene):
    """At least once: the receiver of the attempt that was cut off gets it again, and can tell by its id."""
    arrived = asyncio.Event()

    async def hang(_):
        arrived.set()
        await asyncio.Event().wait()

    scene.receiver.answers.append(hang)
    await scene.add_channel()
    await scene.happen()
    dying = asyncio.create_task(scene.deliver())
    async with asyncio.timeout(10):
        await arrived.wait()
    dying.cancel()
    with suppress(asyncio.CancelledError):
        await dying
    row = await scene.only()
    assert (row.status, row.attempts) == ("queued", 1)
    assert await scene.deliver() == 0  # it may still be on its way: the lease protects it
    await scene.make_due()
    assert await scene.deliver() == 1
    assert [headers["webhook-id"] for headers, _ in scene.receiver.got] == [f"msg_{row.id.hex}"] * 2
    assert [row.status for row in await scene.log()] == ["sent"]


async def test_the_same_again_is_told_once(scene):
    await scene.add_channel()
    for key in ("ada", "ada", "grace"):
        await scene.happen(key=key)
    assert await scene.deliver() == 2
    await scene.happen(key="ada")
    assert await scene.deliver() == 0
    await scene.sql("UPDATE notification_event SET occurred_at = now() - interval '2 hours'")
    await scene.happen(key="ada")
    assert await scene.deliver() == 1
    repeated = "SELECT count(*) FROM notification_event WHERE status = 'repeated'"
    assert (await scene.sql(repeated))[0]["count"] == 2


async def test_a_flood_is_cut_off_the_least_severe_first(scene, monkeypatch):
    settings = await service.tenant_settings.read(scene.kernel, scene.tenant.schema)

    async def read(*_):
        return replace(settings, notifications_per_hour=3)

    monkeypatch.setattr(service.tenant_settings, "read", read)
    await scene.add_channel()
    for severity in (Severity.LOW, Severity.INFO, Severity.CRITICAL, Severity.HIGH, Severity.INFO):
        await scene.happen("kernel.import_failed", severity=severity)
    assert await scene.deliver() == 3
    severities = {json.loads(body)["data"]["severity"] for _, body in scene.receiver.got}
    assert severities == {"CRITICAL", "HIGH", "LOW"}
    found = await scene.sql("SELECT name, status FROM notification_event WHERE status <> 'accepted'")
    assert sorted(map(tuple, found)) == [
        ("kernel.import_failed", "suppressed"),
        ("kernel.import_failed", "suppressed"),
        ("kernel.notifications_suppressed", "pending"),
    ]
    await scene.happen("kernel.import_failed")
    assert await scene.deliver() == 1
    assert "More than 3 notifications" in json.loads(scene.receiver.got[-1][1])["data"]["title"]
    assert await scene.deliver() == 0


async def test_the_minute_sends_what_was_raised(scene):
    await scene.add_channel()
    await scene.happen()
    arrived = asyncio.Event()

    async def note(_):
        arrived.set()
        return web.Response()

    scene.receiver.answers.append(note)
    async with running_worker(scene.kernel), asyncio.timeout(20):
        assert await schedule.run_due(scene.kernel, minute=1) == 0
        await arrived.wait()


async def test_old_rows_are_forgotten(scene):
    await scene.add_channel()
    await scene.happen()
    await scene.deliver()
    await scene.sql("UPDATE notification_delivery SET created_at = now() - interval '31 days'")
    await scene.sql("UPDATE notification_event SET occurred_at = now() - interval '31 days'")
    await scene.happen()
    await scene.deliver()
    async with scene.kernel.database.tenant(scene.tenant.schema):
        await scene.kernel.registry.jobs["kernel.forget_notifications"].function(None)
    assert (await scene.sql("SELECT count(*) FROM notification_event"))[0]["count"] == 1
    await scene.only()
