"""/notification/events: what one can be notified of."""

from typing import Any

from threatweaver.http.context import Context
from threatweaver.http.route import SIGNED_IN, RouteTable, Scope, rows
from threatweaver.notify.events.schemas import EventTypeOut

table = RouteTable(path="/notification/events", tag="Notifications")


@table.route("GET", permission=SIGNED_IN, returns=rows(EventTypeOut), scope=Scope.NONE)
async def list_events(ctx: Context) -> list[dict[str, Any]]:
    """List the events that the kernel and the licensed modules can raise."""
    return [
        {
            "name": event.name,
            "title": event.title,
            "personal": event.permission is None,
            "permission": event.permission,
            "default": event.default.value,
        }
        for event in ctx.kernel.registry.notification_events.values()
    ]
