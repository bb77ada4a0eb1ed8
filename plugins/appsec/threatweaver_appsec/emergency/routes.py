"""/appsec/emergency-stop: all scans of the tenant at once."""

from typing import Any

from threatweaver.sdk import Context, RouteTable, bare
from threatweaver_appsec.emergency import service
from threatweaver_appsec.emergency.schemas import EmergencyStopIn, EmergencyStopOut
from threatweaver_appsec.permissions import Perm

table = RouteTable(path="/appsec/emergency-stop", tag="AppSec emergency stop")


@table.route("GET", permission=Perm.ASSESSMENT_READ, returns=bare(EmergencyStopOut))
async def get_emergency_stop(_: Context) -> dict[str, Any]:
    """Return whether all scans are stopped, by whom, and how many still run."""
    return await service.state()


@table.route("POST", permission=Perm.EMERGENCY_STOP, body=EmergencyStopIn, returns=bare(EmergencyStopOut))
async def pull_emergency_stop(ctx: Context) -> dict[str, Any]:
    """Stop all scans: nothing is sent after two seconds, and none begins before the stop is lifted."""
    found = await service.pull(by=ctx.principal.user_id, reason=ctx.body.get("reason", ""))
    ctx.changed("appsec-emergency-stop", after={"stopped": True, "reason": found["reason"]})
    return found


@table.route("DELETE", permission=Perm.EMERGENCY_STOP, returns=bare(EmergencyStopOut))
async def lift_emergency_stop(ctx: Context) -> dict[str, Any]:
    """Let scans begin again; those that were stopped are launched anew."""
    ctx.changed("appsec-emergency-stop", after={"stopped": False})
    return await service.lift()
