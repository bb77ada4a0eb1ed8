"""The test button: one notification to one channel, now, noted in the log like any other."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver.audit import service as audit
from threatweaver.ids import uuid7
from threatweaver.notify.channels import senders, service
from threatweaver.notify.channels.notice import Notice
from threatweaver.notify.channels.senders import NotDelivered
from threatweaver.notify.deliveries.models import Delivery, DeliveryStatus
from threatweaver.notify.deliveries.queries import one
from threatweaver.notify.events.models import Event, EventStatus
from threatweaver.severity import Severity

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_NAME = "kernel.test"
_TITLE = "This is a test: notifications arrive here"


async def run(kernel: "Kernel", schema: str, slug: str, channel_id: UUID) -> dict[str, Any]:
    """Send to a channel, enabled or not; return the line of the log. Raises NotFound."""
    async with kernel.database.tenant(schema, read_only=True):
        target = service.opened(kernel, await service.get(channel_id))
    event_id, delivery_id, now = uuid7(), uuid7(), datetime.now(UTC)
    notice = Notice(
        event_id=event_id,
        name=_NAME,
        title=_TITLE,
        severity=Severity.INFO.name,
        link=kernel.settings.public_url,
        data={},
        occurred_at=now,
        tenant=slug,
    )
    outcome: dict[str, Any] = {"status": DeliveryStatus.SENT}
    try:
        outcome["response_code"] = await senders.send(kernel, target, notice, delivery_id=delivery_id)
    except NotDelivered as error:
        outcome = {"status": DeliveryStatus.DEAD, "response_code": error.code, "last_error": str(error)[:300]}
    async with kernel.database.tenant(schema):
        await Event.create(
            id=event_id,
            name=_NAME,
            title=_TITLE,
            severity=Severity.INFO.value,
            link="/",
            data={},
            key="",
            status=EventStatus.TEST,
        )
        await Delivery.create(
            id=delivery_id,
            event_id=event_id,
            channel_id=channel_id,
            attempts=1,
            planned_for=now,
            due_at=now,
            finished_at=datetime.now(UTC),
            **outcome,
        )
        line = await one(delivery_id)
        await audit.record(f"notification_channel:{channel_id}", after={"test": str(delivery_id)})
    return line
