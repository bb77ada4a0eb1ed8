"""/tenants: what the platform's operators do with tenants."""

from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import Conflict, NotFound
from threatweaver.http.output import Page
from threatweaver.http.route import EMPTY, RouteTable, Scope, page
from threatweaver.tenancy import examples, queries, service
from threatweaver.tenancy.errors import NotConfirmed, NotSuspended, OperatorsTenant, TenantBusy, TenantLimit
from threatweaver.tenancy.queries import LISTING
from threatweaver.tenancy.schemas import (
    DropQuery,
    SuspendIn,
    TenantDetailOut,
    TenantIn,
    TenantMadeOut,
    TenantOut,
    TenantUpdate,
)

table = RouteTable(path="/tenants", tag="Tenants")


@table.route(
    "GET", permission=Perm.TENANT_READ, query=LISTING.query, returns=page(TenantOut), scope=Scope.CONTROL
)
async def list_tenants(ctx: Context) -> Page:
    """List the tenants of the installation."""
    return await ctx.page(LISTING)


@table.route(
    "POST",
    permission=Perm.TENANT_WRITE,
    body=TenantIn,
    returns=TenantMadeOut,
    status=201,
    errors=(Conflict, TenantLimit),
    scope=Scope.NONE,
)
async def create_tenant(ctx: Context) -> dict[str, Any]:
    """Create a tenant with its first administrator, if one is named; who has an account is invited."""
    tenant, password = await service.create(ctx.kernel, **ctx.body)
    async with ctx.kernel.database.control(read_only=True):
        return {**await _detail(tenant.id), "initialPassword": password}


@table.route(
    "GET",
    "/{id}",
    permission=Perm.TENANT_READ,
    example=examples.some_tenant,
    returns=TenantDetailOut,
    scope=Scope.CONTROL,
)
async def get_tenant(ctx: Context) -> asyncpg.Record:
    """Return a tenant with its members, its jobs under way and its size."""
    return await _detail(ctx.uuid("id"))


@table.route(
    "PUT",
    "/{id}",
    permission=Perm.TENANT_WRITE,
    example=examples.some_tenant,
    body=TenantUpdate,
    returns=TenantDetailOut,
    errors=(NotFound,),
    scope=Scope.CONTROL,
)
async def update_tenant(ctx: Context) -> asyncpg.Record:
    """Change a tenant's name or plan; its slug stays."""
    before = await service.update(ctx.uuid("id"), ctx.body)
    changed = {name: value for name, value in ctx.body.items() if value != getattr(before, name)}
    ctx.changed(
        f"tenant:{before.id}", before={name: getattr(before, name) for name in changed}, after=changed
    )
    return await _detail(before.id)


@table.route(
    "POST",
    "/{id}/suspend",
    permission=Perm.TENANT_WRITE,
    example=examples.some_tenant,
    body=SuspendIn,
    returns=TenantDetailOut,
    errors=(NotFound, OperatorsTenant),
    scope=Scope.CONTROL,
)
async def suspend_tenant(ctx: Context) -> asyncpg.Record:
    """Refuse every sign-in and request of a tenant and run no job of it, everywhere within five seconds."""
    tenant = await service.suspend(ctx.uuid("id"), ctx.body["reason"])
    ctx.after_commit(partial(ctx.kernel.standings.forget, tenant.id))
    ctx.changed(f"tenant:{tenant.id}", after={"slug": tenant.slug, "suspendedReason": ctx.body["reason"]})
    return await _detail(tenant.id)


@table.route(
    "POST",
    "/{id}/resume",
    permission=Perm.TENANT_WRITE,
    example=examples.some_tenant,
    returns=TenantDetailOut,
    errors=(NotFound,),
    scope=Scope.CONTROL,
)
async def resume_tenant(ctx: Context) -> asyncpg.Record:
    """Let a suspended tenant in again, and run the jobs that waited."""
    tenant = await service.resume(ctx.uuid("id"), ctx.kernel.registry.lanes)
    ctx.after_commit(partial(ctx.kernel.standings.forget, tenant.id))
    ctx.changed(f"tenant:{tenant.id}", before={"suspendedReason": tenant.suspended_reason})
    return await _detail(tenant.id)


@table.route(
    "DELETE",
    "/{id}",
    permission=Perm.TENANT_WRITE,
    query=DropQuery,
    example=examples.doomed_tenant,
    returns=EMPTY,
    errors=(NotFound, NotConfirmed, NotSuspended, OperatorsTenant, TenantBusy),
    scope=Scope.NONE,
)
async def drop_tenant(ctx: Context) -> None:
    """Remove a suspended tenant with all its data, for good; `confirm` repeats its slug."""
    await service.drop(ctx.kernel, ctx.uuid("id"), confirm=ctx.query["confirm"])


async def _detail(tenant_id: UUID) -> asyncpg.Record:
    row = await queries.detail(tenant_id)
    if row is None:
        raise NotFound
    return row
