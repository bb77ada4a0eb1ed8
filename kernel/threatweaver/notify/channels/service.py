"""Keeping channels; what is secret of them is sealed, and shown once."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from threatweaver.http.errors import Conflict, NotFound, Unprocessable
from threatweaver.ids import uuid7
from threatweaver.notify.channels.models import Channel, Kind
from threatweaver.notify.deliveries.models import Delivery, DeliveryStatus

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_OVERLAP = timedelta(hours=24)
_MOST = 50
_HTTP = (Kind.WEBHOOK, Kind.SLACK, Kind.TEAMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A channel, opened for sending; every one of `secrets` signs."""

    kind: Kind
    recipients: list[str] = field(default_factory=list)
    url: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def _purpose(channel_id: UUID, member: str) -> str:
    return f"notification.channel:{channel_id}:{member}"


def _new_secret() -> str:
    """Return a signing secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _sealed_url(kernel: "Kernel", channel_id: UUID, url: str) -> dict[str, str]:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise Unprocessable("A URL with a user or password is not taken.")
    return {"url": kernel.secrets.seal(url, purpose=_purpose(channel_id, "url")), "host": parts.netloc[:300]}


def _refuse_unknown_events(kernel: "Kernel", events: list[str]) -> None:
    unknown = sorted(set(events) - set(kernel.registry.notification_events))
    if unknown:
        raise Unprocessable(f"There is no event {unknown[0]}.")


async def create(kernel: "Kernel", values: Mapping[str, Any]) -> tuple[Channel, str | None]:
    """Create a channel; return it and the signing secret of a webhook, which is not shown again.

    Raises Conflict when the name is taken or there are 50, Unprocessable for an unknown event.
    """
    _refuse_unknown_events(kernel, values.get("events", []))
    if await Channel.all().count() >= _MOST:
        raise Conflict(f"A tenant has at most {_MOST} channels.")
    members, channel_id, secret = dict(values), uuid7(), None
    if "url" in members:
        members |= _sealed_url(kernel, channel_id, members["url"])
    if members["kind"] == Kind.WEBHOOK:
        secret = _new_secret()
        members["secret"] = kernel.secrets.seal(secret, purpose=_purpose(channel_id, "secret"))
    if await Channel.exists(name=members["name"]):
        raise Conflict("There is a channel of this name.")
    return await Channel.create(id=channel_id, **members), secret


async def get(channel_id: UUID) -> Channel:
    """Return a channel. Raises NotFound."""
    channel = await Channel.get_or_none(id=channel_id)
    if channel is None:
        raise NotFound
    return channel


async def change(kernel: "Kernel", channel_id: UUID, values: Mapping[str, Any]) -> tuple[Channel, Channel]:
    """Change what is given; return the channel before and after. Enabling forgets past failures.

    Raises NotFound, Conflict when the name is taken, Unprocessable for what does not fit its kind.
    """
    before, channel, members = await get(channel_id), await get(channel_id), dict(values)
    _refuse_unknown_events(kernel, members.get("events", []))
    wrong = "recipients" if channel.kind in _HTTP else "url"
    if wrong in members:
        raise Unprocessable(f"A {channel.kind} channel takes no {wrong}.")
    if "url" in members:
        members |= _sealed_url(kernel, channel_id, members["url"])
    if members.get("enabled"):
        members |= {"lost": 0, "disabled_reason": ""}
    if await Channel.filter(name=members.get("name", "")).exclude(id=channel_id).exists():
        raise Conflict("There is a channel of this name.")
    await channel.update_from_dict(members).save()
    return before, channel


async def delete(channel_id: UUID) -> Channel:
    """Delete a channel and what is queued for it; return what it was. Raises NotFound."""
    channel = await get(channel_id)
    await Delivery.filter(channel_id=channel_id, status=DeliveryStatus.QUEUED).delete()
    await channel.delete()
    return channel


async def rotate(kernel: "Kernel", channel_id: UUID) -> tuple[str, datetime]:
    """Give a webhook a new secret; the old one signs beside it until the returned time.

    Raises NotFound, and Unprocessable when the channel is no webhook.
    """
    channel = await get(channel_id)
    if channel.kind != Kind.WEBHOOK:
        raise Unprocessable("Only webhooks are signed.")
    old = kernel.secrets.open(channel.secret, purpose=_purpose(channel_id, "secret"))
    secret, until = _new_secret(), datetime.now(UTC) + _OVERLAP
    await channel.update_from_dict(
        {
            "secret": kernel.secrets.seal(secret, purpose=_purpose(channel_id, "secret")),
            "old_secret": kernel.secrets.seal(old, purpose=_purpose(channel_id, "old_secret")),
            "old_secret_until": until,
        }
    ).save()
    return secret, until


def opened(kernel: "Kernel", channel: Channel) -> Target:
    """Return what sending needs. Raises SecretUnreadable."""

    def member(name: str) -> str:
        return kernel.secrets.open(getattr(channel, name), purpose=_purpose(channel.id, name))

    signing = ["secret"] if channel.secret else []
    if channel.old_secret_until is not None and channel.old_secret_until > datetime.now(UTC):
        signing.append("old_secret")
    return Target(
        kind=Kind(channel.kind),
        recipients=list(channel.recipients),
        url=member("url") if channel.url else "",
        secrets=tuple(member(name) for name in signing),
    )
