"""Keys come and go while secrets are read and written: nothing is lost, and an old key can be destroyed."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from threatweaver.config import ConfigError
from threatweaver.ids import uuid7
from threatweaver.notify.channels import service as channels
from threatweaver.notify.mail.models import Mail
from threatweaver.secrets import reseal, ring, service
from threatweaver.secrets.box import SecretUnreadable
from threatweaver.secrets.models import SecretKey
from threatweaver.secrets.service import KeyInUse, RotationUnderWay
from threatweaver.tenancy import across, provision

AT_ONCE = timedelta(0)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def deployment(separate):
    """A kernel on a database of its own."""
    async with separate() as kernel:
        yield kernel


@pytest_asyncio.fixture(loop_scope="session")
async def ours(deployment):
    """The deployment before anything was sealed."""
    async with deployment.database.control() as unit:
        await unit.connection.execute("TRUNCATE secret_key, mail")
    return await process(deployment)


@pytest_asyncio.fixture(loop_scope="session")
async def tenants(ours):
    """Two tenants, whose channels are gone afterwards: their texts would count in the next test."""
    apps = ours.registry.apps
    made = [await provision.create(ours.database, slug=uuid7().hex, name="x", apps=apps) for _ in range(2)]
    yield made
    for tenant in made:
        async with ours.database.tenant(tenant.schema) as unit:
            await unit.connection.execute("DELETE FROM notification_channel")


async def process(kernel):
    """Another process of the same deployment: a kernel with a ring of its own."""
    return replace(kernel, secrets=await ring.load(kernel.database, kernel.keys.storage))


async def keep(kernel, text):
    mail_id = uuid7()
    async with kernel.database.control():
        await Mail.create(
            id=mail_id,
            tenant_id=mail_id,
            status="sent",
            recipient="a@example.com",
            content=kernel.secrets.seal(text, purpose=f"mail:{mail_id}"),
        )
    return mail_id


async def keep_many(kernel, count):
    """The same, in one go."""
    texts = {uuid7(): f"text {number}" for number in range(count)}
    sealed = [kernel.secrets.seal(text, purpose=f"mail:{key}") for key, text in texts.items()]
    async with kernel.database.control():
        await Mail.bulk_create(
            [
                Mail(id=key, tenant_id=key, status="sent", recipient="a@example.com", content=content)
                for key, content in zip(texts, sealed, strict=True)
            ]
        )
    return texts


async def read(kernel, mail_id):
    async with kernel.database.control(read_only=True):
        mail = await Mail.get(id=mail_id)
    return kernel.secrets.open(mail.content, purpose=f"mail:{mail_id}")


async def rotate(kernel):
    async with kernel.database.control():
        key = await service.rotate(kernel, lead=AT_ONCE)
    await ring.refresh(kernel.database, kernel.keys.storage, kernel.secrets)
    return key


async def age(kernel, **ago):
    """Let the last rotation be longer ago."""
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            "UPDATE secret_key SET seals_from = seals_from - $1::interval", timedelta(**ago)
        )
    await ring.refresh(kernel.database, kernel.keys.storage, kernel.secrets)


async def test_a_new_key_seals_and_the_old_one_opens(ours):
    old = await keep(ours, "before")
    assert (await rotate(ours)).id == 1
    new = await keep(ours, "after")
    assert await reseal.usage(ours.database) == {"0": 1, "1": 1}
    assert [await read(ours, item) for item in (old, new)] == ["before", "after"]
    later = await process(ours)
    assert [await read(later, item) for item in (old, new)] == ["before", "after"]


async def test_a_key_waits_until_every_process_has_it(ours):
    async with ours.database.control():
        await service.rotate(ours)
        with pytest.raises(RotationUnderWay):
            await service.rotate(ours)
    await ring.refresh(ours.database, ours.keys.storage, ours.secrets)
    assert "1" in ours.secrets.ring
    assert ours.secrets.sealing() == "0"
    moment = ours.secrets.upcoming[0]
    assert timedelta(seconds=20) < datetime.fromtimestamp(moment, UTC) - datetime.now(UTC) <= ring.LEAD


async def test_rotation_under_load_loses_nothing_and_the_old_key_can_go(ours):
    kept = {await keep(ours, f"text {number}"): f"text {number}" for number in range(450)}
    others = [await process(ours) for _ in range(3)]
    over, wrong = asyncio.Event(), []

    async def work(kernel, name):
        number = 0
        while not over.is_set():
            number += 1
            text = f"{name} {number}"
            mail_id = await keep(kernel, text)
            kept[mail_id] = text
            if await read(kernel, mail_id) != text:
                wrong.append(mail_id)
            await ring.refresh(kernel.database, kernel.keys.storage, kernel.secrets)

    workers = [asyncio.create_task(work(kernel, index)) for index, kernel in enumerate(others)]
    await rotate(ours)
    await age(ours, minutes=2)
    outcome = await service.reseal_if_due(ours)
    over.set()
    await asyncio.gather(*workers)
    assert outcome.unreadable == 0
    assert outcome.resealed >= 450
    await service.reseal_all(ours)
    assert wrong == []
    assert set(await reseal.usage(ours.database)) == {"1"}
    assert await service.reseal_if_due(ours) is None
    with pytest.raises(KeyInUse):  # texts that live for minutes may still be sealed with it
        await service.retire(ours, 0)
    await age(ours, minutes=20)
    await service.retire(ours, 0)
    later = await process(ours)
    assert set(later.secrets.ring) == {"1"}
    for mail_id, text in kept.items():
        assert await read(later, mail_id) == text


async def test_a_pass_that_is_killed_in_the_middle_goes_on(ours, monkeypatch):
    kept = await keep_many(ours, 2500)
    await rotate(ours)
    await age(ours, minutes=2)
    count, real = 0, reseal._anew

    def dying(*args):
        nonlocal count
        count += 1
        if count > 1300:
            raise asyncio.CancelledError
        return real(*args)

    monkeypatch.setattr(reseal, "_anew", dying)
    with suppress(asyncio.CancelledError):
        await service.reseal_if_due(ours)
    monkeypatch.setattr(reseal, "_anew", real)
    assert await reseal.usage(ours.database) == {"0": 1500, "1": 1000}
    for mail_id, text in list(kept.items())[::50]:
        assert await read(ours, mail_id) == text
    assert (await service.reseal_if_due(ours)).resealed == 1500
    assert await reseal.usage(ours.database) == {"1": 2500}


async def test_a_key_in_use_is_not_destroyed(ours):
    await keep(ours, "text")
    with pytest.raises(KeyInUse):
        await service.retire(ours, 0)
    await rotate(ours)
    await age(ours, minutes=20)
    for number in (0, 1):
        with pytest.raises(KeyInUse):
            await service.retire(ours, number)


async def test_a_destroyed_key_leaves_no_bytes_behind(ours):
    await rotate(ours)
    await age(ours, minutes=20)
    await rotate(ours)
    await age(ours, minutes=20)
    await service.retire(ours, 1)
    async with ours.database.control(read_only=True):
        row = await SecretKey.get(id=1)
    assert row.wrapped is None
    states = {key["id"]: key["state"] for key in await service.status(ours, {})}
    assert states == {0: "opens", 1: "retired", 2: "current"}


async def test_a_text_that_cannot_be_read_is_counted_and_left_alone(ours):
    mail_id = await keep(ours, "text")
    async with ours.database.control():
        await Mail.filter(id=mail_id).update(content="0.AAAA")
    await rotate(ours)
    outcome = await service.reseal_all(ours)
    assert (outcome.resealed, outcome.unreadable) == (0, 1)
    with pytest.raises(SecretUnreadable):
        await read(ours, mail_id)


async def test_the_wrong_master_is_noticed_at_the_start(ours):
    await rotate(ours)
    with pytest.raises(ConfigError, match="key 1 of the ring"):
        await ring.load(ours.database, b"\x00" * 32)


async def test_tenants_channels_are_counted_and_sealed_anew(ours, tenants, monkeypatch):
    monkeypatch.setattr(across, "_BATCH", 1)  # a statement for each tenant
    made = {}
    for tenant in tenants:
        async with ours.database.tenant(tenant.schema):
            values = {"kind": "webhook", "name": "hook", "url": f"https://hooks.example/{tenant.slug}"}
            channel, first = await channels.create(ours, values)
            second, _ = await channels.rotate(ours, channel.id)
            made[tenant] = channel.id, values["url"], (second, first)
    mail_id = await keep(ours, "letter")
    assert await reseal.usage(ours.database) == {"0": 7}
    await rotate(ours)
    outcome = await service.reseal_all(ours)
    assert (outcome.resealed, outcome.unreadable) == (7, 0)
    assert await reseal.usage(ours.database) == {"1": 7}
    await age(ours, minutes=20)
    await service.retire(ours, 0)
    later = await process(ours)
    assert await read(later, mail_id) == "letter"
    for tenant, (channel_id, url, secrets) in made.items():
        async with later.database.tenant(tenant.schema, read_only=True):
            target = channels.opened(later, await channels.get(channel_id))
        assert (target.url, target.secrets) == (url, secrets)
