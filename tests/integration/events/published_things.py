"""Events of these tests, and who takes them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from threatweaver.db.transaction import connection, in_scope
from threatweaver.events.kernel import TenantResumed, UserDeactivated, UserReactivated
from threatweaver.events.table import SubscriberTable
from threatweaver.http.errors import Unprocessable
from threatweaver.http.route import Scope
from threatweaver.jobs.lanes import Lane

SOON = timedelta(seconds=20)
KERNEL = (UserDeactivated, UserReactivated, TenantResumed)
table, heard = SubscriberTable(), {}


@dataclass(frozen=True, slots=True)
class ThingDone:
    """A thing was done."""

    name: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ThingSent:
    """A thing is to be sent to another system."""

    name: str


@dataclass(frozen=True, slots=True)
class NobodyListens:
    """Something that nobody takes."""

    id: UUID


@dataclass(frozen=True, slots=True)
class NeverDeclared:
    """Something that no plugin returned from its hook."""


@table.on(ThingDone, "test.note_thing", timeout=SOON)
async def note_thing(run, event):
    """Note the thing in the tenant it happened in."""
    await connection().execute(
        "INSERT INTO exposure_tag VALUES (gen_random_uuid(), $1, '#000000', now())", event.name
    )
    heard.setdefault(event.name, []).append(event)


@table.on(ThingDone, "test.dislike_thing", timeout=SOON)
async def dislike_thing(run, event):
    """Refuse every thing."""
    raise Unprocessable("Not this.", reason=event.name)


@table.on(ThingSent, "test.send_thing", timeout=SOON, scope=Scope.NONE, lane=Lane.OUTWARD)
async def send_thing(run, event):
    """Send it, without a transaction meanwhile."""
    heard.setdefault(event.name, []).append(in_scope())


async def hear(run, event):
    """Keep the event."""
    heard.setdefault(run.tenant_id, []).append(event)


for kind in KERNEL:
    table.on(kind, f"test.hear_{kind.__name__}", timeout=SOON)(hear)
