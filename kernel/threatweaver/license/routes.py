"""/license: the public state, activation of a fresh installation, import of a renewed license."""

from typing import Any

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.route import PUBLIC, RouteTable, Scope, bare
from threatweaver.license import service
from threatweaver.license.current import CurrentLicense
from threatweaver.license.schemas import LicenseIn, LicenseStatusOut
from threatweaver.license.service import AlreadyLicensed, LicenseRefused

table = RouteTable(path="/license", tag="License")


@table.route("GET", "/status", permission=PUBLIC, returns=bare(LicenseStatusOut), scope=Scope.NONE)
async def status(ctx: Context) -> dict[str, Any]:
    """Return the license state and the installed modules it names; nothing else of it is public."""
    return _public(ctx, ctx.kernel.license)


@table.route(
    "POST",
    "/activate",
    permission=PUBLIC,
    body=LicenseIn,
    returns=bare(LicenseStatusOut),
    errors=(LicenseRefused, AlreadyLicensed),
    scope=Scope.NONE,
)
async def activate(ctx: Context) -> dict[str, Any]:
    """Activate an installation that has no license yet; needs no sign-in."""
    claims = await service.import_license(
        ctx.kernel.database, ctx.kernel.settings, ctx.body["license"], user_id=None, only_if_none=True
    )
    return _public(ctx, CurrentLicense(claims))


@table.route(
    "POST",
    "/import",
    permission=Perm.LICENSE_WRITE,
    body=LicenseIn,
    returns=bare(LicenseStatusOut),
    errors=(LicenseRefused,),
    scope=Scope.NONE,
)
async def import_license(ctx: Context) -> dict[str, Any]:
    """Import a renewed license; modules come and go within a second, without a dropped request."""
    claims = await service.import_license(
        ctx.kernel.database, ctx.kernel.settings, ctx.body["license"], user_id=ctx.principal.user_id
    )
    return _public(ctx, CurrentLicense(claims))


def _public(ctx: Context, license_: CurrentLicense) -> dict[str, Any]:
    state = license_.evaluation()
    modules = {item.manifest.module_id for item in ctx.kernel.registry.decisions}
    return {
        "state": state.state.value,
        "modules": sorted(name for name in modules if license_.grants(name)),
        "nextChangeAt": state.next_change_at,
    }
