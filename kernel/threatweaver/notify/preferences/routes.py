"""/notification/preferences: how the caller wants to hear of what happens, by mail."""

from typing import Any

from threatweaver.http.context import Context
from threatweaver.http.errors import Unprocessable
from threatweaver.http.route import SIGNED_IN, RouteTable
from threatweaver.notify.preferences import service
from threatweaver.notify.preferences.schemas import PreferencesIn, PreferencesOut

table = RouteTable(path="/notification/preferences", tag="Notifications")


@table.route("GET", permission=SIGNED_IN, returns=PreferencesOut)
async def get_preferences(ctx: Context) -> dict[str, Any]:
    """Return how you hear of each event you may hear of: at once, in a digest, or not at all."""
    return await service.read(ctx.kernel, ctx.principal.user_id, ctx.principal.permissions)


@table.route("PUT", permission=SIGNED_IN, body=PreferencesIn, returns=PreferencesOut, errors=(Unprocessable,))
async def put_preferences(ctx: Context) -> dict[str, Any]:
    """Replace your preferences. What you leave out is as it was declared."""
    me = ctx.principal
    await service.replace(me.user_id, await service.wishes(ctx.kernel, me.permissions, ctx.body))
    ctx.changed(f"notification_preferences:{me.user_id}")
    return await service.read(ctx.kernel, me.user_id, me.permissions)
