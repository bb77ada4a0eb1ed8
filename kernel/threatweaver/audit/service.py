"""Writing audit lines, in the transaction of what they tell about."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from threatweaver.db.transaction import CONTROL, current

if TYPE_CHECKING:
    from threatweaver.http.context import Context
    from threatweaver.kernel import Kernel

_COLUMNS = "at, actor_id, action, method, path, status, request_id, address"


async def write(ctx: "Context") -> None:
    """Add the line for a write that succeeded."""
    unit = current()
    caller = ctx.caller
    values = [
        caller.user_id if caller else None,
        ctx.route.name,
        ctx.route.method,
        ctx.request.path[:500],
        ctx.route.status,
        ctx.request_id,
        ctx.address,
    ]
    if unit.schema == CONTROL:
        await unit.connection.execute(
            f"INSERT INTO audit_line ({_COLUMNS}, tenant_id) VALUES (now(), $1, $2, $3, $4, $5, $6, $7, $8)",
            *values,
            caller.tenant_id if caller else None,
        )
    else:
        await unit.connection.execute(
            f"INSERT INTO audit_line ({_COLUMNS}) VALUES (now(), $1, $2, $3, $4, $5, $6, $7)", *values
        )


async def event(  # noqa: PLR0913 - a line has that many columns
    kernel: "Kernel",
    action: str,
    *,
    tenant_id: UUID | None,
    actor_id: UUID | None,
    address: str,
    request_id: str,
    outcome: Literal["success", "failure"] = "success",
    target: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a line for a security event that is no successful write, in a transaction of its own."""
    shown = {"outcome": outcome, "target": target, **(details or {})}
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            f"""INSERT INTO audit_line ({_COLUMNS}, tenant_id)
                VALUES (now(), $1, $2, '', $3, 0, $4, $5, $6)""",
            actor_id,
            action,
            str(shown)[:500],
            request_id,
            address,
            tenant_id,
        )
