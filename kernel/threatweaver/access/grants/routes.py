"""/admin/grants: a role for a person or a group, in the whole tenant or for some rows."""

from typing import Any

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.grants import service
from threatweaver.access.grants.errors import GrantExists, NoSuchGrantee, NoSuchScope
from threatweaver.access.grants.queries import LISTING
from threatweaver.access.grants.schemas import GrantCreate, GrantOut
from threatweaver.access.models import Grant
from threatweaver.access.rights import serialize
from threatweaver.access.roles.errors import NoSuchRole
from threatweaver.auth.models import Membership
from threatweaver.auth.permissions import Perm
from threatweaver.db.transaction import current
from threatweaver.http.context import Context
from threatweaver.http.example import Caller, Example
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, RouteTable, Scope, page

table = RouteTable(path="/admin/grants", tag="Roles and permissions")


async def _to_a_new_group(caller: Caller) -> Example:
    return Example(body={"groupId": await caller.some("/admin/groups"), "role": "viewer"})


@table.route("GET", permission=Perm.GRANT_READ, query=LISTING.query, returns=page(GrantOut))
async def list_grants(ctx: Context) -> Page:
    """List the grants of this tenant; the role of a membership is not among them."""
    return await ctx.page(LISTING)


@table.route(
    "POST",
    permission=Perm.GRANT_WRITE,
    body=GrantCreate,
    returns=GrantOut,
    status=201,
    errors=(NoSuchRole, NoSuchGrantee, NoSuchScope, GrantExists, BeyondYourRights),
    scope=Scope.CONTROL,
    example=_to_a_new_group,
)
async def create_grant(ctx: Context) -> Grant:
    """Give a user or a group a role, in the whole tenant or for the rows of an asset group or tag."""
    caller, registry, user_id = ctx.principal, ctx.kernel.registry, ctx.body.get("user_id")
    await serialize(caller.tenant_id)
    if user_id and not await Membership.exists(user_id=user_id, tenant_id=caller.tenant_id):
        raise NoSuchGrantee
    await ctx.kernel.database.go_on_in_tenant(current(), caller.schema)
    grant = await service.create(caller, registry.grants, registry.grant_scopes, **ctx.body)
    ctx.changed(f"grant:{grant.id}", after=_described(grant))
    return grant


@table.route(
    "DELETE", "/{id}", permission=Perm.GRANT_WRITE, returns=EMPTY, errors=(BeyondYourRights, NoSuchRole)
)
async def delete_grant(ctx: Context) -> None:
    """Take a grant back."""
    await serialize(ctx.principal.tenant_id)
    grant = await service.delete(ctx.principal, ctx.kernel.registry.grants, ctx.uuid("id"))
    ctx.changed(f"grant:{grant.id}", before=_described(grant))


def _described(grant: Grant) -> dict[str, Any]:
    names = ("user_id", "group_id", "role", "scope", "scope_id")
    return {name: value for name in names if (value := getattr(grant, name)) is not None}
