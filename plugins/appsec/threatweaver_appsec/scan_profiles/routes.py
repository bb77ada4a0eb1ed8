"""/appsec/scan-profiles: how thorough scans are, and what they may cost."""

from marshmallow import fields

from threatweaver.sdk import (
    EMPTY,
    Conflict,
    Context,
    Op,
    Resource,
    RouteTable,
    Unprocessable,
    add_resource,
    eq,
    search,
)
from threatweaver_appsec.errors import BuiltIn
from threatweaver_appsec.permissions import Perm
from threatweaver_appsec.scan_profiles import service
from threatweaver_appsec.scan_profiles.models import ScanProfile
from threatweaver_appsec.scan_profiles.schemas import (
    CloneIn,
    ScanProfileCreate,
    ScanProfileOut,
    ScanProfileUpdate,
)

table = RouteTable(path="/appsec/scan-profiles", tag="AppSec scan profiles")

add_resource(
    table,
    Resource(
        model=ScanProfile,
        operations=Op.READ,
        read=ScanProfileOut,
        read_permission=Perm.PROFILE_READ,
        filters=(eq("built_in", fields.Boolean()), search("name", "description")),
        sortable=("created_at", "name"),
        default_sort="name",
    ),
    name="scan profile",
)


@table.route(
    "POST",
    permission=Perm.PROFILE_WRITE,
    body=ScanProfileCreate,
    returns=ScanProfileOut,
    status=201,
    errors=(Conflict, Unprocessable),
)
async def create_scan_profile(ctx: Context) -> ScanProfile:
    """Create a scan profile; what it does not say is as in `full`, in safe mode."""
    return await service.create(**ctx.body)


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.PROFILE_WRITE,
    body=ScanProfileUpdate,
    returns=ScanProfileOut,
    errors=(Conflict, BuiltIn, Unprocessable),
)
async def update_scan_profile(ctx: Context) -> ScanProfile:
    """Change a scan profile; scans that run already keep what they began with."""
    return await service.update(ctx.uuid("id"), **ctx.body)


@table.route("DELETE", "/{id}", permission=Perm.PROFILE_WRITE, returns=EMPTY, errors=(BuiltIn,))
async def delete_scan_profile(ctx: Context) -> None:
    """Delete a scan profile."""
    await (await service.known(ctx.uuid("id"), change=True)).delete()


@table.route(
    "POST",
    "/{id}/clone",
    permission=Perm.PROFILE_WRITE,
    body=CloneIn,
    returns=ScanProfileOut,
    status=201,
    errors=(Conflict,),
)
async def clone(ctx: Context) -> ScanProfile:
    """Create a scan profile like this one, under another name."""
    return await service.clone(ctx.uuid("id"), **ctx.body)
