"""Planning what is to be sent, and sending it: at least once, each receiver apart from the others."""

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import orjson

from threatweaver.admin.settings import service as tenant_settings
from threatweaver.audit import service as audit
from threatweaver.http.errors import Conflict, NotFound
from threatweaver.notify.channels import senders
from threatweaver.notify.channels import service as channels
from threatweaver.notify.channels.models import Channel
from threatweaver.notify.channels.notice import Notice
from threatweaver.notify.channels.senders import NotDelivered
from threatweaver.notify.deliveries import people, plan, queries
from threatweaver.notify.deliveries.models import Delivery, DeliveryStatus
from threatweaver.notify.events import queries as events
from threatweaver.notify.events.catalog import CHANNEL_DISABLED, SUPPRESSED
from threatweaver.notify.events.models import EventStatus
from threatweaver.notify.events.service import raise_event
from threatweaver.notify.wakes import queries as wakes
from threatweaver.secrets.box import SecretUnreadable
from threatweaver.severity import Severity
from threatweaver.tenancy.models import Tenant

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

ATTEMPTS = 14  # with the delays below: given up after some three days
_FIRST_DELAY = timedelta(seconds=30)
_LONGEST_DELAY = timedelta(days=1)
_LEASE = timedelta(minutes=5)
_AT_A_TIME = 16
_LOST_IN_A_ROW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What goes out in one piece: a delivery to a channel, or the deliveries of one mail to a person."""

    ids: list[UUID]
    channel: Channel | None
    address: str | None
    attempts: int
    notices: list[Notice]


async def plan_pending(kernel: "Kernel", tenant: Tenant) -> None:
    """Decide about what was raised, and queue its deliveries."""
    async with kernel.database.tenant(tenant.schema, read_only=True):
        if not await events.pending():
            return
    audience = await people.audience(kernel, tenant)
    hourly = (await tenant_settings.read(kernel, tenant.schema)).notifications_per_hour
    async with kernel.database.tenant(tenant.schema):
        await events.lock()
        decided = await events.decide(kernel.registry.notification_events.values(), hourly=hourly)
        await plan.make(audience, decided.get(EventStatus.ACCEPTED, []))
        if EventStatus.SUPPRESSED in decided:
            await raise_event(
                kernel,
                SUPPRESSED.name,
                title=f"More than {hourly} notifications in an hour: the least severe were not sent",
                severity=Severity.HIGH,
                link="/notification/deliveries",
                key="hour",
            )


async def deliver_due(kernel: "Kernel", tenant: Tenant, *, seconds: float, stopping: asyncio.Event) -> int:
    """Send what is due until nothing is, the time is up or it is `stopping`; return how many were tried."""
    deadline, tried = asyncio.get_running_loop().time() + seconds, 0
    # All that was claimed is tried at once: what is left when the process stops is nobody's yet.
    while asyncio.get_running_loop().time() < deadline and not stopping.is_set():
        messages = await _claim(kernel, tenant)
        if not messages:
            break
        await asyncio.gather(*(_send(kernel, tenant, message) for message in messages))
        tried += len(messages)
    return tried


async def _claim(kernel: "Kernel", tenant: Tenant) -> list[Message]:
    async with kernel.database.tenant(tenant.schema):
        await events.lock()
        rows = await queries.claim(lease=_LEASE, most=_AT_A_TIME)
        found = await Channel.filter(id__in=[row["channel_id"] for row in rows if row["channel_id"]])
    by_id = {channel.id: channel for channel in found}
    users = [row["user_id"] for row in rows if row["user_id"]]
    addresses = await people.addresses(kernel, tenant.id, users) if users else {}
    groups: dict[tuple[UUID, datetime], list[asyncpg.Record]] = {}
    for row in rows:
        groups.setdefault((row["user_id"] or row["id"], row["planned_for"]), []).append(row)
    return [
        Message(
            ids=[row["id"] for row in group],
            channel=by_id.get(group[0]["channel_id"]),
            address=addresses.get(group[0]["user_id"]),
            attempts=group[0]["attempts"],
            notices=[notice(kernel, tenant.slug, row) for row in group],
        )
        for group in groups.values()
    ]


def notice(kernel: "Kernel", slug: str, row: asyncpg.Record) -> Notice:
    """Return an event's row as receivers see it."""
    return Notice(
        event_id=row["event_id"],
        name=row["name"],
        title=row["title"],
        severity=Severity(row["severity"]).name,
        link=kernel.settings.public_url + row["link"] if row["link"] else "",
        data=orjson.loads(row["data"]),
        occurred_at=row["occurred_at"],
        tenant=slug,
    )


async def _send(kernel: "Kernel", tenant: Tenant, message: Message) -> None:
    """Try one message and write down at once what became of it."""
    try:
        code = await _try(kernel, message)
    except NotDelivered as error:
        await _failed(kernel, tenant, message, error)
        return
    async with kernel.database.tenant(tenant.schema):
        await queries.sent(message.ids, code=code)
        if message.channel is not None:
            await Channel.filter(id=message.channel.id, lost__gt=0).update(lost=0)


async def _try(kernel: "Kernel", message: Message) -> int:
    if message.channel is not None:
        try:
            target = channels.opened(kernel, message.channel)
        except SecretUnreadable:
            raise NotDelivered("The channel's secret does not open: give it a new URL.", final=True) from None
        return await senders.send(kernel, target, message.notices[0], delivery_id=message.ids[0])
    if message.address is None:
        raise NotDelivered("The receiver is no active member any more.", final=True)
    return await senders.mail(kernel, message.notices, to=[message.address], message_id=str(message.ids[0]))


async def _failed(kernel: "Kernel", tenant: Tenant, message: Message, error: NotDelivered) -> None:
    if not error.final and message.attempts < ATTEMPTS:
        until = datetime.now(UTC) + delay(message.attempts)
        async with kernel.database.tenant(tenant.schema):
            await queries.postponed(message.ids, code=error.code, error=str(error), until=until)
        return
    async with kernel.database.tenant(tenant.schema):
        await queries.dead(message.ids, code=error.code, error=str(error))
        if message.channel is not None and await _count_lost(kernel, message.channel.id, error):
            await audit.note(
                kernel,
                "notification_channel_disabled",
                tenant_id=tenant.id,
                actor_id=None,
                address="",
                request_id="",
                target=f"notification_channel:{message.channel.id}",
                details={"reason": str(error)},
            )


async def _count_lost(kernel: "Kernel", channel_id: UUID, error: NotDelivered) -> bool:
    gone = error.code == senders.GONE
    name = await queries.lost(channel_id, most=_LOST_IN_A_ROW, at_once=gone, reason=str(error))
    if name is None:
        return False
    await raise_event(
        kernel,
        CHANNEL_DISABLED.name,
        title=f"The notification channel {name} was switched off: {error}",
        severity=Severity.HIGH,
        link="/notification/channels",
        data={"channelId": str(channel_id)},
        key=str(channel_id),
    )
    return True


def delay(attempts: int) -> timedelta:
    """Return the pause after so many attempts: doubling up to a day, by chance a fifth shorter or longer."""
    pause: timedelta = min(_FIRST_DELAY * 2 ** (attempts - 1), _LONGEST_DELAY)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


async def retry(delivery_id: UUID) -> None:
    """Queue a dead delivery again. Raises NotFound, Conflict when it is not dead or its channel is off."""
    found = await Delivery.filter(id=delivery_id).select_for_update().first()
    if found is None:
        raise NotFound
    if found.status != DeliveryStatus.DEAD:
        raise Conflict(f"This delivery is {found.status}; only a dead one can be sent again.")
    if found.channel_id and not await Channel.exists(id=found.channel_id, enabled=True):
        raise Conflict("Its channel is switched off or gone.")
    await queries.again(delivery_id)
    await wakes.now()
