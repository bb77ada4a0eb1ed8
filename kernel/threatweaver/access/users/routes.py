"""/admin/users: the users of the tenant."""

import csv
import io
from typing import Any

from threatweaver.access.errors import BeyondYourRights
from threatweaver.access.roles.errors import NoSuchRole
from threatweaver.access.users import queries, service
from threatweaver.access.users.errors import (
    EmailInUse,
    LastAdmin,
    PersonShared,
    SeatsExhausted,
    UserExists,
)
from threatweaver.access.users.schemas import (
    TenantUserCreate,
    TenantUserOut,
    TenantUserUpdate,
    UserSessionOut,
)
from threatweaver.audit import service as audit
from threatweaver.auth.password import service as passwords
from threatweaver.auth.password.errors import PasswordRefused
from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, RouteTable, Scope, page, raw, rows

table = RouteTable(path="/admin/users", tag="Users")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@table.route(
    "GET",
    permission=Perm.USER_READ,
    query=queries.LISTING.query,
    returns=page(TenantUserOut),
    scope=Scope.CONTROL,
)
async def list_users(ctx: Context) -> Page:
    """List the users of this tenant, deactivated ones included."""
    return await ctx.page(queries.LISTING, tenant_id=ctx.principal.tenant_id)


@table.route(
    "POST",
    permission=Perm.USER_WRITE,
    body=TenantUserCreate,
    returns=TenantUserOut,
    status=201,
    errors=(UserExists, EmailInUse, SeatsExhausted, NoSuchRole, BeyondYourRights, PasswordRefused),
    scope=Scope.NONE,
)
async def create_user(ctx: Context) -> dict[str, Any]:
    """Make a user; somebody who has an account elsewhere in this installation is invited instead."""
    wanted, kernel, caller = dict(ctx.body), ctx.kernel, ctx.principal
    password, hashed = wanted.pop("password", None), None
    if password is not None:  # before the transaction: argon2 takes longer than one should be held
        hashed = await passwords.new_hash(kernel, password, email=wanted["email"], schema=caller.schema)
    async with kernel.database.control():
        user = await service.create(kernel, caller, hashed=hashed, **wanted)
        made = await _shown(ctx, user.id)
        await audit.record(f"user:{user.id}", after=wanted)
    return made


@table.route("GET", "/export", permission=Perm.USER_READ, returns=raw("text/csv"), scope=Scope.CONTROL)
async def export_users(ctx: Context) -> bytes:
    """Return every user of this tenant as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(queries.LISTING.columns)
    for row in await queries.export(ctx.principal.tenant_id):
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode()


@table.route("GET", "/{id}", permission=Perm.USER_READ, returns=TenantUserOut, scope=Scope.CONTROL)
async def get_user(ctx: Context) -> dict[str, Any]:
    """Return one user of this tenant."""
    return await _shown(ctx, ctx.uuid("id"))


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.USER_WRITE,
    body=TenantUserUpdate,
    returns=TenantUserOut,
    errors=(NoSuchRole, BeyondYourRights, LastAdmin, PersonShared, EmailInUse),
    scope=Scope.CONTROL,
)
async def update_user(ctx: Context) -> dict[str, Any]:
    """Change a user's role, name or e-mail address."""
    before = await service.update(ctx.kernel, ctx.principal, ctx.uuid("id"), ctx.body)
    ctx.changed(f"user:{ctx.uuid('id')}", before=before, after=ctx.body)
    return await _shown(ctx, ctx.uuid("id"))


@table.route(
    "DELETE",
    "/{id}",
    permission=Perm.USER_WRITE,
    returns=EMPTY,
    errors=(BeyondYourRights, LastAdmin),
    scope=Scope.CONTROL,
)
async def deactivate_user(ctx: Context) -> None:
    """Deactivate a user in this tenant, with their sessions and API tokens; the history stays."""
    await service.deactivate(ctx.kernel, ctx.principal, ctx.uuid("id"))
    ctx.changed(f"user:{ctx.uuid('id')}", after={"active": False})


@table.route(
    "POST",
    "/{id}/reactivate",
    permission=Perm.USER_WRITE,
    returns=TenantUserOut,
    errors=(BeyondYourRights, SeatsExhausted),
    scope=Scope.CONTROL,
)
async def reactivate_user(ctx: Context) -> dict[str, Any]:
    """Let a deactivated user in again, with a seat of the license."""
    await service.reactivate(ctx.kernel, ctx.principal, ctx.uuid("id"))
    ctx.changed(f"user:{ctx.uuid('id')}", after={"active": True})
    return await _shown(ctx, ctx.uuid("id"))


@table.route(
    "POST",
    "/{id}/reset-password",
    permission=Perm.USER_WRITE,
    returns=EMPTY,
    errors=(BeyondYourRights, PersonShared),
    scope=Scope.CONTROL,
)
async def reset_user_password(ctx: Context) -> None:
    """Void a user's password and sessions, and mail a link that sets a new one."""
    await service.reset_password(ctx.kernel, ctx.principal, ctx.uuid("id"))
    ctx.changed(f"user:{ctx.uuid('id')}")


@table.route(
    "POST",
    "/{id}/reset-mfa",
    permission=Perm.USER_WRITE,
    returns=EMPTY,
    errors=(BeyondYourRights, PersonShared),
    scope=Scope.CONTROL,
)
async def reset_user_mfa(ctx: Context) -> None:
    """Take the second factor of a user away who has lost it, and end their sessions."""
    await service.reset_mfa(ctx.kernel, ctx.principal, ctx.uuid("id"))
    ctx.changed(f"user:{ctx.uuid('id')}", after={"mfaEnabled": False})


@table.route(
    "GET", "/{id}/sessions", permission=Perm.USER_READ, returns=rows(UserSessionOut), scope=Scope.CONTROL
)
async def list_user_sessions(ctx: Context) -> Any:
    """List where a user is signed in to this tenant."""
    await _shown(ctx, ctx.uuid("id"))
    return await queries.sessions(ctx.principal.tenant_id, ctx.uuid("id"))


@table.route(
    "DELETE",
    "/{id}/sessions",
    permission=Perm.USER_WRITE,
    returns=EMPTY,
    errors=(BeyondYourRights,),
    scope=Scope.CONTROL,
)
async def end_user_sessions(ctx: Context) -> None:
    """End every session of a user in this tenant."""
    await service.end_sessions(ctx.kernel, ctx.principal, ctx.uuid("id"))
    ctx.changed(f"user:{ctx.uuid('id')}")


async def _shown(ctx: Context, user_id: Any) -> dict[str, Any]:
    row = await queries.LISTING.one(user_id, tenant_id=ctx.principal.tenant_id)
    if row is None:
        raise NotFound
    return row


def _cell(value: Any) -> str:
    """Return a CSV cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
