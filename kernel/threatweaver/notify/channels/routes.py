"""/notification/channels: where notifications go."""

from typing import Any

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import Conflict, Unprocessable
from threatweaver.http.example import Caller, Example
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, RouteTable, Scope, page
from threatweaver.ids import uuid7
from threatweaver.notify.channels import service
from threatweaver.notify.channels.models import Channel
from threatweaver.notify.channels.queries import CHANNELS
from threatweaver.notify.channels.schemas import (
    ChannelChange,
    ChannelIn,
    ChannelOut,
    NewChannelOut,
    SecretOut,
)
from threatweaver.notify.deliveries import trial
from threatweaver.notify.deliveries.schemas import DeliveryOut
from threatweaver.severity import Severity

table = RouteTable(path="/notification/channels", tag="Notifications")


async def _webhook(_: Caller) -> Example:
    return Example(body={"kind": "webhook", "name": uuid7().hex, "url": "https://hooks.invalid/tw"})


@table.route("GET", permission=Perm.NOTIFICATION_READ, query=CHANNELS.query, returns=page(ChannelOut))
async def list_channels(ctx: Context) -> Page:
    """List channels; of their URLs only the host is shown."""
    return await ctx.page(CHANNELS)


@table.route(
    "POST",
    permission=Perm.NOTIFICATION_WRITE,
    body=ChannelIn,
    returns=NewChannelOut,
    status=201,
    errors=(Conflict, Unprocessable),
    example=_webhook,
)
async def create_channel(ctx: Context) -> dict[str, Any]:
    """Create a channel. The signing secret of a webhook is in this answer, and never again."""
    channel, secret = await service.create(ctx.kernel, ctx.body)
    ctx.changed(_target(channel), after=_shown(channel))
    return {**_wire(channel), "secret": secret}


@table.route("GET", "/{id}", permission=Perm.NOTIFICATION_READ, returns=ChannelOut)
async def get_channel(ctx: Context) -> dict[str, Any]:
    """Return a channel."""
    return _wire(await service.get(ctx.uuid("id")))


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.NOTIFICATION_WRITE,
    body=ChannelChange,
    returns=ChannelOut,
    errors=(Conflict, Unprocessable),
)
async def update_channel(ctx: Context) -> dict[str, Any]:
    """Change the given members of a channel; enabling one that was switched off gives it a new chance."""
    before, after = await service.change(ctx.kernel, ctx.uuid("id"), ctx.body)
    old, new = _shown(before), _shown(after)
    differing = [name for name in new if new[name] != old[name]]
    ctx.changed(
        _target(after),
        before={name: old[name] for name in differing},
        after={name: new[name] for name in differing},
    )
    return _wire(after)


@table.route("DELETE", "/{id}", permission=Perm.NOTIFICATION_WRITE, returns=EMPTY)
async def delete_channel(ctx: Context) -> None:
    """Delete a channel, and what is queued for it."""
    channel = await service.delete(ctx.uuid("id"))
    ctx.changed(_target(channel), before=_shown(channel))


@table.route(
    "POST",
    "/{id}/rotate-secret",
    permission=Perm.NOTIFICATION_WRITE,
    returns=SecretOut,
    errors=(Unprocessable,),
)
async def rotate_secret(ctx: Context) -> dict[str, Any]:
    """Give a webhook a new signing secret, shown once. For a day the old one signs as well."""
    secret, until = await service.rotate(ctx.kernel, ctx.uuid("id"))
    ctx.changed(f"notification_channel:{ctx.uuid('id')}")
    return {"secret": secret, "oldSecretUntil": until}


@table.route("POST", "/{id}/test", permission=Perm.NOTIFICATION_WRITE, returns=DeliveryOut, scope=Scope.NONE)
async def test(ctx: Context) -> dict[str, Any]:
    """Send a test notification to a channel now, and return what became of it."""
    principal = ctx.principal
    return await trial.run(ctx.kernel, principal.schema, principal.tenant_slug, ctx.uuid("id"))


def _target(channel: Channel) -> str:
    return f"notification_channel:{channel.id}"


def _shown(channel: Channel) -> dict[str, Any]:
    """Return what may stand in an audit line."""
    members = ("kind", "name", "enabled", "events", "recipients", "host")
    shown = {name: getattr(channel, name) for name in members}
    return {**shown, "minimumSeverity": Severity(channel.minimum_severity).name}


def _wire(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        **_shown(channel),
        "disabledReason": channel.disabled_reason,
        "createdAt": channel.created_at,
        "updatedAt": channel.updated_at,
    }
