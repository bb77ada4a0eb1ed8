"""/admin/settings/feature-flags: every declared flag and where it stands in this tenant."""

from threatweaver.admin.flags import service
from threatweaver.admin.flags.schemas import FeatureFlagOut, FeatureFlagsIn
from threatweaver.admin.flags.service import FlagState
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.route import RouteTable, rows

table = RouteTable(path="/admin/settings/feature-flags", tag="Administration")


@table.route("GET", permission=Perm.SETTINGS_READ, returns=rows(FeatureFlagOut))
async def list_flags(ctx: Context) -> list[FlagState]:
    """List the feature flags of the kernel and the licensed modules."""
    return await service.states(ctx.kernel.registry.flags)


@table.route("PUT", permission=Perm.SETTINGS_WRITE, body=FeatureFlagsIn, returns=rows(FeatureFlagOut))
async def turn_flags(ctx: Context) -> list[FlagState]:
    """Turn the given flags on or off; the others stay. Effective at once."""
    wanted, declared = ctx.body["flags"], ctx.kernel.registry.flags
    before = await service.turn(declared, wanted, by=ctx.principal.user_id)
    ctx.changed("feature-flags", before=before, after={name: wanted[name] for name in before})
    return await service.states(declared)
