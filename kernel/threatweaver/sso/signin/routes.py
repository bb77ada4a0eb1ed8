"""/auth/sso: begin a sign-in, come back from a provider, sign in with a directory's password."""

from collections.abc import Awaitable
from typing import Any

from aiohttp import web

from threatweaver.audit import service as audit
from threatweaver.auth import cookies
from threatweaver.auth.errors import BadCredentials
from threatweaver.auth.lockout.errors import SignInDelayed
from threatweaver.auth.lockout.service import Visitor
from threatweaver.auth.login.routes import answer
from threatweaver.auth.login.schemas import LoginOut
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound, TooManyRequests
from threatweaver.http.route import EMPTY, PUBLIC, RouteTable, Scope, bare
from threatweaver.outbound import OutboundFailed, OutboundRefused
from threatweaver.sso.errors import ProviderMisconfigured, ProviderUnavailable, SsoRefused
from threatweaver.sso.signin import flow as flows
from threatweaver.sso.signin import people, service
from threatweaver.sso.signin.schemas import CallbackQuery, LdapLogin, LoginQuery, SamlForm, TenantQuery
from threatweaver.sso.signin.service import Credentials, Proven
from threatweaver.tenancy.errors import AddressRefused, TenantSuspended

table = RouteTable(path="/auth/sso", tag="Authentication")
_SIGN_IN = "sso_sign_in"

_ERRORS = (
    SsoRefused,
    ProviderUnavailable,
    ProviderMisconfigured,
    OutboundRefused,
    OutboundFailed,
    TooManyRequests,
    TenantSuspended,
    AddressRefused,
)


@table.route(
    "GET",
    "/login",
    permission=PUBLIC,
    query=LoginQuery,
    returns=EMPTY,
    status=303,
    errors=(NotFound, *_ERRORS),
    scope=Scope.NONE,
)
async def login(ctx: Context) -> web.Response:
    """Begin a sign-in: redirect the browser to the provider, the tenant's default unless one is named.

    `next` is the path of this site where the browser goes afterwards.
    """
    path = flows.local_path(ctx.query["next"])
    url, flow = await service.begin(ctx.kernel, ctx.query.get("tenant"), ctx.query.get("provider"), path)
    await flows.begin(ctx.request, flow)
    return web.Response(status=303, headers={"Location": url})


@table.route(
    "GET",
    "/callback",
    permission=PUBLIC,
    query=CallbackQuery,
    returns=EMPTY,
    status=303,
    errors=_ERRORS,
    scope=Scope.NONE,
)
async def oidc_callback(ctx: Context) -> web.Response:
    """Come back from an OpenID provider with a code; sets the session's cookies and goes on to `next`."""
    flow = await flows.end(ctx.request)
    await _signed_in(ctx, cookies.visitor(ctx), service.finish_oidc(ctx.kernel, flow, ctx.query))
    return web.Response(status=303, headers={"Location": flow.next})


@table.route(
    "POST",
    "/callback",
    permission=PUBLIC,
    query=TenantQuery,
    form=SamlForm,
    returns=EMPTY,
    status=303,
    errors=_ERRORS,
    scope=Scope.NONE,
)
async def saml_callback(ctx: Context) -> web.Response:
    """Take a SAML response that a provider's page posts; sets the session's cookies and goes on to `next`.

    Without a sign-in begun in this browser it is an unsolicited one, taken only where the provider may.
    """
    begun = await flows.current(ctx.request)
    if begun is not None:
        await flows.end(ctx.request)
    proving = service.finish_saml(ctx.kernel, begun, ctx.query.get("tenant"), ctx.body["saml_response"])
    await _signed_in(ctx, cookies.visitor(ctx), proving)
    return web.Response(status=303, headers={"Location": begun.next if begun else "/"})


@table.route(
    "POST",
    "/ldap",
    permission=PUBLIC,
    body=LdapLogin,
    returns=bare(LoginOut),
    errors=(*_ERRORS, SignInDelayed, BadCredentials),
    scope=Scope.NONE,
)
async def ldap_login(ctx: Context) -> dict[str, Any]:
    """Sign in with the name and password of the tenant's directory; the tokens are also set as cookies."""
    given = ctx.body
    credentials = Credentials(
        slug=given.get("tenant"),
        provider_id=given["provider"],
        username=given["username"],
        password=given["password"],
    )
    visitor = cookies.visitor(ctx)
    return await _signed_in(ctx, visitor, service.finish_ldap(ctx.kernel, credentials, visitor))


async def _signed_in(ctx: Context, visitor: Visitor, proving: Awaitable[Proven]) -> dict[str, Any]:
    """Open the session of whom the provider proves; a refusal is noted too."""
    proven: Proven | None = None
    try:
        proven = await proving
        identity, decision = await people.admit(ctx.kernel, proven.provider, proven.who, visitor)
    except SsoRefused as refusal:
        await _note_refusal(ctx, proven, refusal)
        raise
    ctx.action = _SIGN_IN
    ctx.changed(_target(proven), after=service.audited(decision, None))
    return answer(ctx, await service.open_session(ctx.kernel, proven, identity, visitor))


async def _note_refusal(ctx: Context, proven: Proven | None, refusal: SsoRefused) -> None:
    await audit.event(
        ctx.kernel,
        _SIGN_IN,
        tenant_id=proven.provider.tenant_id if proven else None,
        actor_id=None,
        address=ctx.address,
        request_id=ctx.request_id,
        outcome="failure",
        target=_target(proven) if proven else "",
        details=service.audited(None, refusal),
    )


def _target(proven: Proven) -> str:
    return f"sso-provider:{proven.provider.id}"
