"""Raising events, from any code that runs as a tenant."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver.db.transaction import current
from threatweaver.notify.events.models import Event
from threatweaver.notify.wakes import queries as wakes
from threatweaver.severity import Severity

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel


async def raise_event(  # noqa: PLR0913 - an event has that many members
    kernel: "Kernel",
    name: str,
    *,
    title: str,
    severity: Severity = Severity.INFO,
    link: str = "",
    data: Mapping[str, Any] | None = None,
    key: str = "",
    user_id: UUID | None = None,
) -> None:
    """Note what happened, in the tenant's transaction: it is told to nobody unless that commits.

    `link` is a path of the product. `data` travels to other systems: no secret belongs in it. Raises
    ValueError for an event that nobody declared, or a personal one without a person.
    """
    current("tenant")
    declared = kernel.registry.notification_events.get(name)
    if declared is None:
        raise ValueError(f"{name} is no declared event")
    if (declared.permission is None) != (user_id is not None):
        raise ValueError(f"{name}: a personal event has a user_id, any other has none")
    await Event.create(
        name=name,
        title=title[:300],
        severity=severity.value,
        link=link[:500],
        data=dict(data or {}),
        key=key[:200],
        user_id=user_id,
    )
    await wakes.now()


async def raise_in(kernel: "Kernel", tenant_id: UUID, name: str, **members: Any) -> None:
    """Raise an event in a tenant, from outside of any transaction."""
    async with kernel.database.control() as unit:
        schema: str | None = await unit.connection.fetchval(
            "SELECT schema FROM tenant WHERE id = $1", tenant_id
        )
        if schema is not None:
            await kernel.database.go_on_in_tenant(unit, schema)
            await raise_event(kernel, name, **members)
