"""/admin/settings/license: the license in force and the import of another one."""

from threatweaver.admin.license import service
from threatweaver.admin.license.schemas import LicenseOut
from threatweaver.admin.license.service import LicensePage
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.route import RouteTable, Scope
from threatweaver.license import service as licenses
from threatweaver.license.current import CurrentLicense
from threatweaver.license.errors import LicenseRefused
from threatweaver.license.schemas import LicenseIn
from threatweaver.tenancy import operators

table = RouteTable(path="/admin/settings/license", tag="Administration")


@table.route("GET", permission=Perm.LICENSE_READ, returns=LicenseOut, scope=Scope.NONE)
async def get_license(ctx: Context) -> LicensePage:
    """Return the license's state and modules; to operators also its claims, seats and tenants used."""
    return await _page(ctx, ctx.kernel.license)


@table.route(
    "PUT",
    permission=Perm.LICENSE_WRITE,
    body=LicenseIn,
    returns=LicenseOut,
    errors=(LicenseRefused,),
    scope=Scope.NONE,
)
async def put_license(ctx: Context) -> LicensePage:
    """Import a license; modules come and go within a second. In a saas deployment operators alone may."""
    plan = await licenses.import_license(ctx.kernel, ctx.body["license"], user_id=ctx.principal.user_id)
    claims = plan.claims
    return await _page(ctx, CurrentLicense(claims, fingerprint=claims.fingerprint))


async def _page(ctx: Context, license_: CurrentLicense) -> LicensePage:
    whole = await operators.acts(ctx.kernel, ctx.principal)
    return await service.page(ctx.kernel, license_, whole=whole)
