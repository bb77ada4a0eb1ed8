"""/notification/preview: "would have sent N in the last 7 days", counted by what does the sending."""

from typing import Any

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import Unprocessable
from threatweaver.http.route import SIGNED_IN, RouteTable
from threatweaver.notify.deliveries import plan
from threatweaver.notify.deliveries.people import alone
from threatweaver.notify.deliveries.plan import Wishes
from threatweaver.notify.events.models import EventStatus
from threatweaver.notify.events.queries import count_lately
from threatweaver.notify.preferences import service as preferences
from threatweaver.notify.preferences.schemas import PreferencesIn
from threatweaver.notify.preview.schemas import (
    FilterIn,
    FilterPreviewOut,
    PersonPreviewOut,
    PreviewOut,
    PreviewQuery,
)

table = RouteTable(path="/notification/preview", tag="Notifications")


async def _mine(ctx: Context, wishes: Wishes | None) -> dict[str, Any]:
    me, days = ctx.principal, ctx.query["days"]
    audience = alone(ctx.kernel, me.user_id, me.permissions)
    notifications, mails = await plan.count_for_person(audience, wishes, days=days)
    return {"days": days, "notifications": notifications, "mails": mails}


@table.route("GET", permission=SIGNED_IN, query=PreviewQuery, returns=PreviewOut)
async def preview(ctx: Context) -> dict[str, Any]:
    """Count what the last days would have sent you and, if you may see them, each channel.

    Counted with the preferences and filters of now. `repeated` and `suppressed` events are told to nobody.
    """
    days = ctx.query["days"]
    sees = ctx.principal.may(Perm.NOTIFICATION_READ)
    counts = await count_lately(days=days)
    return {
        **await _mine(ctx, None),
        "channels": await plan.count_for_channels(days=days) if sees else [],
        "repeated": counts.get(EventStatus.REPEATED, 0) if sees else 0,
        "suppressed": counts.get(EventStatus.SUPPRESSED, 0) if sees else 0,
    }


@table.route(
    "POST",
    "/preferences",
    permission=SIGNED_IN,
    query=PreviewQuery,
    body=PreferencesIn,
    returns=PersonPreviewOut,
    errors=(Unprocessable,),
)
async def preview_preferences(ctx: Context) -> dict[str, Any]:
    """Count what the last days would have sent you with these preferences; nothing is stored."""
    return await _mine(ctx, await preferences.wishes(ctx.kernel, ctx.principal.permissions, ctx.body))


@table.route(
    "POST",
    "/channel",
    permission=Perm.NOTIFICATION_READ,
    query=PreviewQuery,
    body=FilterIn,
    returns=FilterPreviewOut,
)
async def preview_channel(ctx: Context) -> dict[str, Any]:
    """Count what the last days would have sent to a channel with this filter; nothing is stored."""
    days = ctx.query["days"]
    counts = await plan.count_for_filter(ctx.body["events"], ctx.body["minimum_severity"], days=days)
    return {
        "days": days,
        "deliveries": sum(counts.values()),
        "events": [{"event": name, "deliveries": number} for name, number in counts.items()],
    }
