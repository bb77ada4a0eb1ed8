"""Writing audit lines, in the transaction of what they tell about."""

from typing import TYPE_CHECKING

from threatweaver.db.transaction import CONTROL, current

if TYPE_CHECKING:
    from threatweaver.http.context import Context

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
