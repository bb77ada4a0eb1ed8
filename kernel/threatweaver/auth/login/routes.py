"""/auth: signing in, in one to three steps."""

from typing import Any

from threatweaver.auth import cookies
from threatweaver.auth.encryption import service as encryption
from threatweaver.auth.encryption.errors import PasswordUnreadable
from threatweaver.auth.errors import BadCredentials, SsoRequired, StepRefused
from threatweaver.auth.lockout.errors import SignInDelayed
from threatweaver.auth.login import service
from threatweaver.auth.login.schemas import LoginIn, LoginOut, MfaValidateIn, SelectTenantIn
from threatweaver.auth.login.service import Pending
from threatweaver.auth.mfa.errors import MfaRefused
from threatweaver.auth.mfa.service import Proof
from threatweaver.auth.queries import Identity
from threatweaver.auth.service import SignIn
from threatweaver.http.context import Context
from threatweaver.http.errors import NotFound, TooManyRequests
from threatweaver.http.route import PUBLIC, RouteTable, Scope, bare
from threatweaver.tenancy.errors import AddressRefused, TenantSuspended

table = RouteTable(path="/auth", tag="Authentication")


@table.route(
    "POST",
    "/login",
    permission=PUBLIC,
    body=LoginIn,
    returns=bare(LoginOut),
    errors=(
        PasswordUnreadable,
        BadCredentials,
        SsoRequired,
        SignInDelayed,
        TooManyRequests,
        TenantSuspended,
        AddressRefused,
    ),
    scope=Scope.NONE,
)
async def login(ctx: Context) -> dict[str, Any]:
    """Sign in with e-mail and password; the tokens are also set as HttpOnly cookies.

    A person with a second factor gets `mfaRequired` and an `mfaToken` for /auth/mfa/validate; one who must
    choose a tenant gets `tenantRequired`, `tenants` and a `tenantToken` for /auth/select-tenant.
    """
    visitor = cookies.visitor(ctx)
    given = await encryption.reveal(ctx.kernel, ctx.body)
    return answer(ctx, await service.login(ctx.kernel.signer(), **given, visitor=visitor))


@table.route(
    "POST",
    "/mfa/validate",
    permission=PUBLIC,
    body=MfaValidateIn,
    returns=bare(LoginOut),
    errors=(
        StepRefused,
        MfaRefused,
        SignInDelayed,
        BadCredentials,
        SsoRequired,
        TooManyRequests,
        TenantSuspended,
        AddressRefused,
    ),
    scope=Scope.NONE,
)
async def validate_mfa(ctx: Context) -> dict[str, Any]:
    """Complete a sign-in with a code of the authenticator or a recovery code."""
    proof = Proof(code=ctx.body.get("code"), recovery_code=ctx.body.get("recovery_code"))
    outcome = await service.validate_mfa(
        ctx.kernel.signer(), token=ctx.body["mfa_token"], proof=proof, visitor=cookies.visitor(ctx)
    )
    return answer(ctx, outcome)


@table.route(
    "POST",
    "/select-tenant",
    permission=PUBLIC,
    body=SelectTenantIn,
    returns=bare(LoginOut),
    errors=(StepRefused, NotFound, TenantSuspended, AddressRefused),
    scope=Scope.NONE,
)
async def select_tenant(ctx: Context) -> dict[str, Any]:
    """Complete a sign-in in one of the person's tenants."""
    outcome = await service.select_tenant(
        ctx.kernel.signer(),
        token=ctx.body["tenant_token"],
        tenant_id=ctx.body["tenant_id"],
        visitor=cookies.visitor(ctx),
    )
    return answer(ctx, outcome)


def answer(ctx: Context, outcome: SignIn | Pending) -> dict[str, Any]:
    """Set the cookies of a sign-in; return the body that tells of it, or of its next step."""
    if isinstance(outcome, Pending):
        named = {f"{outcome.awaits}Required": True, f"{outcome.awaits}Token": outcome.token}
        return named if outcome.awaits == "mfa" else {**named, "tenants": _places(outcome.places)}
    cookies.set_signed(ctx, outcome)
    person = outcome.identity
    return {
        "token": outcome.access_token,
        "user": {
            "id": person.user_id,
            "email": person.email,
            "role": person.role,
            "tenantId": person.tenant_id,
            "tenantSlug": person.tenant_slug,
        },
        "tenants": _places(outcome.places),
    }


def _places(places: tuple[Identity, ...]) -> list[dict[str, Any]]:
    return [{"id": place.tenant_id, "slug": place.tenant_slug, "role": place.role} for place in places]
