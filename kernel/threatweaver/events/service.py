"""Publishing: what a unit publishes becomes, at its end and within it, one job for each subscriber."""

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from threatweaver import running
from threatweaver.db.transaction import CONTROL, Unit, current
from threatweaver.events.encoding import encode
from threatweaver.jobs import store

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


class Delivery(NamedTuple):
    """An event on its way to one subscriber."""

    lane: str
    schema: str
    kind: str
    module_id: str | None
    payload: str


async def publish(event: object) -> None:
    """Tell other parts what happened, in the tenant's transaction: it is told to nobody unless that commits.

    `event` is of a type that a plugin returned from its hook `event_types`. Each subscriber of an admitted
    plugin gets it at least once, after the commit, in the same tenant, as a job of its own; with no
    subscriber nothing is written. All that a transaction publishes is written at its end, by two
    statements however much it is. Raises ValueError for a type that nobody declared, or a value that its
    field's type does not allow; RuntimeError outside of a request, a job and a command.
    """
    _put(current("tenant"), running.kernel(), event, current().schema)


async def publish_in(tenant_id: UUID, event: object) -> None:
    """Publish a fact about a tenant from a control scope: for the kernel's own events."""
    kernel, unit = running.kernel(), current(CONTROL)
    if kernel.registry.subscribers.get(type(event)):
        schema = await store.schema_of(tenant_id)
        if schema is not None:
            _put(unit, kernel, event, schema)


def _put(unit: Unit, kernel: "Kernel", event: object, schema: str) -> None:
    """Leave an event with the unit, once for each subscriber."""
    registry = kernel.registry
    if type(event) not in registry.event_types:
        raise ValueError(f"{type(event).__name__} is no declared event")
    subscribers = registry.subscribers.get(type(event), ())
    if not subscribers:
        return
    payload = f'{{"event":{encode(event)}}}'
    for item in subscribers:
        name = item.job.name
        unit.outbox.append(Delivery(item.job.lane, schema, name, registry.job_modules[name], payload))
    unit.send = _send


async def _send(unit: Unit) -> None:
    """Enqueue what the unit published; it goes on in control, for whoever published is done."""
    await running.kernel().database.go_on_in_control(unit)
    await store.enqueue_many(unit.outbox)
