"""The gates: who may pass, in one fixed order, stated once."""

from collections.abc import Awaitable, Callable

from threatweaver.auth import password_door
from threatweaver.auth.refusals import CredentialRefused
from threatweaver.auth.sessions import service as sessions
from threatweaver.http.context import Context
from threatweaver.http.errors import (
    Forbidden,
    ForeignOrigin,
    ModuleDisabled,
    ModuleUpdating,
    NoToken,
    SessionRequired,
)
from threatweaver.http.route import PUBLIC, SESSION, Access
from threatweaver.tenancy import operators
from threatweaver.tenancy.errors import TenantSuspended

Gate = Callable[[Context], Awaitable[None]]


async def license_state(ctx: Context) -> None:
    """A locked or revoked license stops everything but the always-open routes; grace stops writes."""
    if not ctx.route.always:
        ctx.kernel.license.check(writes=ctx.route.writes)


async def identity(ctx: Context) -> None:
    """A route that is not public needs a caller; a cookie may write only from our own pages."""
    if ctx.route.permission is PUBLIC:
        return
    request = ctx.request
    try:
        ctx.caller = await ctx.kernel.identifier.identify(request, ctx.address)
        # What the request's log line says of the caller.
        request["noted"] = {"user": str(ctx.caller.user_id), "tenant": ctx.caller.tenant_slug}
        if ctx.caller.by_cookie and ctx.route.writes and not ctx.kernel.origins.may_write(request):
            raise CredentialRefused(ctx.caller.holder(), ForeignOrigin())
    except CredentialRefused as refused:
        await ctx.kernel.refusals.note(ctx, refused)
        raise refused.error from None


async def tenant(ctx: Context) -> None:
    """The caller's token names the tenant, which must not be suspended; nothing else can name another."""
    if ctx.route.permission is PUBLIC:
        return
    if not ctx.principal.schema:
        raise NoToken
    ctx.standing = await ctx.kernel.standings.of(ctx.principal.tenant_id)
    if ctx.standing.suspended:
        raise TenantSuspended


async def network(ctx: Context) -> None:
    """The tenant must let the client's address in; who signs in is asked the same by auth/service.py."""
    if ctx.standing is not None:
        ctx.standing.admit(ctx.address)


async def rate(ctx: Context) -> None:
    """Routes that are limited by user count here, where the user is known."""
    if ctx.route.permission is not PUBLIC:
        route, user = ctx.route, str(ctx.principal.user_id)
        allowance = await ctx.kernel.limiter.take_for_user(route.method, route.path, user)
        if allowance is not None:
            ctx.request["allowance"] = allowance


async def session(ctx: Context) -> None:
    """A session must still be let in by its tenant, and have its second factor and a password of its own.

    These two it need not have where it gets them.
    """
    if ctx.caller is None or ctx.caller.session is None:
        return
    await password_door.require_open(ctx.kernel, ctx.caller, ctx.caller.session.method)
    await sessions.note_use(ctx.kernel, ctx.caller, ctx.caller.session)
    if not ctx.route.restricted:
        await sessions.check_standing(ctx.kernel, ctx.caller, ctx.caller.session)


async def module(ctx: Context) -> None:
    """The route's module must be named by the license, open to the tenant, and have its tables there."""
    if ctx.route.module_id is not None:
        _enter(ctx, ctx.route.module_id)


def opens(ctx: Context, module_id: str | None) -> bool:
    """Say whether the caller's tenant may use a module; None is the kernel."""
    try:
        if module_id is not None:
            _enter(ctx, module_id)
    except (ModuleDisabled, ModuleUpdating):
        return False
    return True


def _enter(ctx: Context, module_id: str) -> None:
    if ctx.standing is None:
        raise NoToken
    if not ctx.kernel.license.grants(module_id) or module_id in ctx.standing.denied:
        raise ModuleDisabled(moduleId=module_id)
    app, version = ctx.kernel.registry.module_tables.get(module_id, (None, None))
    if app is not None and ctx.standing.versions.get(app) != version:
        ctx.kernel.standings.forget(ctx.principal.tenant_id)  # it may be there in the next moment
        raise ModuleUpdating(moduleId=module_id, headers={"Retry-After": "1"})


async def permission(ctx: Context) -> None:
    """The caller must hold the permission that the route asks for, or have a session if it asks for one."""
    needed = ctx.route.permission
    if needed is SESSION and ctx.principal.session_id is None:
        raise SessionRequired
    if isinstance(needed, Access):
        return
    if operators.reserved(ctx.kernel.settings, needed):
        allowed = await operators.acts(ctx.kernel, ctx.principal)
    elif ctx.route.scoped:
        allowed = ctx.principal.may_somewhere(needed)
    else:
        allowed = ctx.principal.may(needed)
    if not allowed:
        raise Forbidden(permission=str(needed))


GATES: tuple[Gate, ...] = (license_state, identity, tenant, network, rate, session, module, permission)


async def pass_all(ctx: Context) -> None:
    """Pass every gate or raise what the first closed one raises."""
    for gate in GATES:
        await gate(ctx)
