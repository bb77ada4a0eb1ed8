"""/admin/invitations: places in the tenant that wait for their person."""

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.invitations import service
from threatweaver.access.invitations.schemas import InvitationCreate, InvitationOut
from threatweaver.access.roles.errors import NoSuchRole
from threatweaver.access.users.errors import SeatsExhausted, UserExists
from threatweaver.auth.account import invitations
from threatweaver.auth.account.models import Invitation
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.route import EMPTY, RouteTable, Scope, rows

table = RouteTable(path="/admin/invitations", tag="Users")


@table.route("GET", permission=Perm.USER_READ, returns=rows(InvitationOut), scope=Scope.CONTROL)
async def list_invitations(ctx: Context) -> list[Invitation]:
    """List the invitations that can still be accepted."""
    return await invitations.pending(ctx.principal.tenant_id)


@table.route(
    "POST",
    permission=Perm.USER_WRITE,
    body=InvitationCreate,
    returns=InvitationOut,
    status=201,
    errors=(NoSuchRole, BeyondYourRights, UserExists, SeatsExhausted),
    scope=Scope.CONTROL,
)
async def invite(ctx: Context) -> Invitation:
    """Invite somebody by mail; an earlier invitation to the same address ends."""
    made = await service.invite(ctx.kernel, ctx.principal, **ctx.body)
    ctx.changed(f"invitation:{made.id}", after={"email": made.email, "role": made.role})
    return made


@table.route("DELETE", "/{id}", permission=Perm.USER_WRITE, returns=EMPTY, scope=Scope.CONTROL)
async def revoke_invitation(ctx: Context) -> None:
    """Take an invitation back."""
    if not await invitations.revoke(ctx.principal.tenant_id, ctx.uuid("id")):
        raise NotFound
    ctx.changed(f"invitation:{ctx.uuid('id')}")


@table.route(
    "POST",
    "/{id}/resend",
    permission=Perm.USER_WRITE,
    returns=InvitationOut,
    errors=(NoSuchRole, BeyondYourRights, UserExists, SeatsExhausted),
    scope=Scope.CONTROL,
)
async def resend_invitation(ctx: Context) -> Invitation:
    """Mail an invitation anew; the new one takes the place of the old one, whose link ends."""
    made = await service.resend(ctx.kernel, ctx.principal, ctx.uuid("id"))
    ctx.changed(f"invitation:{made.id}", after={"email": made.email, "role": made.role})
    return made
