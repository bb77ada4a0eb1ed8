"""/modules: what is installed, what runs and why; switches of those who operate the installation."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from marshmallow import fields, validate

from threatweaver.auth.permissions import Perm
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound
from threatweaver.http.route import RouteTable, Scope, rows
from threatweaver.modules import examples, service
from threatweaver.modules.schemas import (
    FailureOut,
    ModuleOut,
    ModuleUpdate,
    TenantModuleOut,
    TenantModuleUpdate,
)

table = RouteTable(path="/modules", tag="Modules")
_MODULE = {"moduleId": fields.String(validate=validate.Regexp(r"\A[a-z][a-z0-9_]{0,63}\Z"))}


@table.route("GET", permission=Perm.MODULE_READ, returns=rows(ModuleOut), scope=Scope.CONTROL)
async def list_modules(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """List the installed modules: admitted, or refused and why; what each contributes, and its health."""
    return await service.described(ctx.kernel, ctx.principal)


@table.route(
    "GET",
    "/{moduleId}",
    permission=Perm.MODULE_READ,
    params=_MODULE,
    example=examples.some_module,
    returns=ModuleOut,
    errors=(NotFound,),
    scope=Scope.CONTROL,
)
async def get_module(ctx: Context) -> Mapping[str, Any]:
    """Return one installed module."""
    return await service.one(ctx.kernel, ctx.principal, ctx.params["moduleId"])


@table.route(
    "PUT",
    "/{moduleId}",
    permission=Perm.MODULE_WRITE,
    params=_MODULE,
    body=ModuleUpdate,
    example=examples.left_on,
    returns=ModuleOut,
    errors=(NotFound,),
    scope=Scope.CONTROL,
)
async def update_module(ctx: Context) -> Mapping[str, Any]:
    """Switch a module off or on for the whole installation; its data stays, its jobs wait.

    The answer is of before: every process follows within a second.
    """
    module_id, enabled, reason = ctx.params["moduleId"], ctx.body["enabled"], ctx.body["reason"]
    was = await service.switch(
        ctx.kernel, module_id, enabled=enabled, reason=reason, by=ctx.principal.user_id
    )
    ctx.changed(f"module:{module_id}", before={"enabled": was}, after={"enabled": enabled})
    return await service.one(ctx.kernel, ctx.principal, module_id)


@table.route(
    "GET",
    "/{moduleId}/failures",
    permission=Perm.MODULE_WRITE,
    params=_MODULE,
    example=examples.some_module,
    returns=rows(FailureOut),
    errors=(NotFound,),
    scope=Scope.CONTROL,
)
async def list_failures(ctx: Context) -> Sequence[Mapping[str, Any]]:
    """List the tenants in which the module's tables could not be brought up, and why."""
    return await service.failures(ctx.kernel, ctx.params["moduleId"])


@table.route(
    "PUT",
    "/{moduleId}/tenants/{tenantId}",
    permission=Perm.MODULE_WRITE,
    params=_MODULE,
    body=TenantModuleUpdate,
    example=examples.allowed,
    returns=TenantModuleOut,
    errors=(NotFound,),
    scope=Scope.CONTROL,
)
async def allow_module(ctx: Context) -> Mapping[str, Any]:
    """Say whether a tenant may use a module that runs; everywhere within five seconds."""
    module_id, tenant_id, allowed = ctx.params["moduleId"], ctx.uuid("tenantId"), ctx.body["allowed"]
    was = await service.allow(ctx.kernel, module_id, tenant_id, allowed=allowed, by=ctx.principal.user_id)
    ctx.after_commit(partial(ctx.kernel.standings.forget, tenant_id))
    ctx.changed(f"module:{module_id}:{tenant_id}", before={"allowed": was}, after={"allowed": allowed})
    return {"moduleId": module_id, "tenantId": tenant_id, "allowed": allowed}
