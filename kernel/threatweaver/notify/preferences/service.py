"""Reading and replacing one person's preferences."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver.db.transaction import connection
from threatweaver.http.errors import Unprocessable
from threatweaver.notify.deliveries.people import choices
from threatweaver.notify.deliveries.plan import Wishes
from threatweaver.notify.preferences.models import Preference, Schedule

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def wishes(kernel: "Kernel", permissions: frozenset[str], body: Mapping[str, Any]) -> Wishes:
    """Return what a body asks for. Raises Unprocessable for no time zone, or an event not to be heard of."""
    modes = {choice["event"]: choice["mode"] for choice in body["events"]}
    if unknown := sorted(set(modes) - set(choices(kernel, permissions))):
        raise Unprocessable(f"There is no event {unknown[0]} that you may hear of.")
    zone = "SELECT EXISTS (SELECT FROM pg_timezone_names WHERE name = $1)"
    if not await connection().fetchval(zone, body["time_zone"]):
        raise Unprocessable("There is no such time zone; one is called Europe/Berlin, for example.")
    digest, quiet = body["digest"], body["quiet_hours"]
    return Wishes(
        modes=modes,
        time_zone=body["time_zone"],
        weekly=digest["frequency"] == "weekly",
        digest_hour=digest["hour"],
        digest_weekday=digest["weekday"],
        quiet_from=quiet["start"] if quiet else None,
        quiet_until=quiet["end"] if quiet else None,
    )


async def replace(user_id: UUID, wanted: Wishes) -> None:
    """Store what a person wants instead of what is stored; what was planned already stays planned."""
    await Preference.filter(user_id=user_id).delete()
    await Preference.bulk_create(
        [Preference(user_id=user_id, event=event, mode=mode) for event, mode in wanted.modes.items()]
    )
    await Schedule.filter(user_id=user_id).delete()
    await Schedule.create(
        user_id=user_id,
        time_zone=wanted.time_zone,
        weekly=wanted.weekly,
        digest_hour=wanted.digest_hour,
        digest_weekday=wanted.digest_weekday,
        quiet_from=wanted.quiet_from,
        quiet_until=wanted.quiet_until,
    )


async def read(kernel: "Kernel", user_id: UUID, permissions: frozenset[str]) -> dict[str, Any]:
    """Return a person's preferences as the wire has them, with every event they may hear of."""
    chosen = dict(await Preference.filter(user_id=user_id).values_list("event", "mode"))
    schedule = await Schedule.get_or_none(user_id=user_id) or Schedule(user_id=user_id)
    quiet = schedule.quiet_from
    catalog = kernel.registry.notification_events
    return {
        "timeZone": schedule.time_zone,
        "digest": {
            "frequency": "weekly" if schedule.weekly else "daily",
            "hour": schedule.digest_hour,
            "weekday": schedule.digest_weekday,
        },
        "quietHours": quiet and {"start": quiet, "end": schedule.quiet_until},
        "events": [
            {
                "event": event,
                "channel": "email",
                "mode": chosen.get(event, default),
                "title": catalog[event].title,
                "default": default,
            }
            for event, default in choices(kernel, permissions).items()
        ],
    }
