"""/auth: how somebody comes to an account."""

from typing import Any

from threatweaver.access.users.errors import SeatsExhausted
from threatweaver.auth import cookies
from threatweaver.auth.account import invitations, registration
from threatweaver.auth.account.errors import LinkRefused, RegistrationClosed
from threatweaver.auth.account.schemas import AcceptIn, AddressIn, RegisterIn, VerifiedOut, VerifyQuery
from threatweaver.auth.encryption import service as encryption
from threatweaver.auth.encryption.errors import PasswordUnreadable
from threatweaver.auth.errors import BadCredentials
from threatweaver.auth.lockout.errors import SignInDelayed
from threatweaver.auth.login import service as login
from threatweaver.auth.login.routes import answer
from threatweaver.auth.login.schemas import LoginOut
from threatweaver.auth.login.steps import Course
from threatweaver.auth.password.errors import PasswordRefused
from threatweaver.http.context import Context
from threatweaver.http.errors import TooManyRequests, Unprocessable
from threatweaver.http.route import EMPTY, PUBLIC, RouteTable, Scope, bare
from threatweaver.tenancy.errors import AddressRefused, TenantSuspended

table = RouteTable(path="/auth", tag="Authentication")


@table.route(
    "POST",
    "/register",
    permission=PUBLIC,
    body=RegisterIn,
    returns=EMPTY,
    status=202,
    errors=(PasswordUnreadable, RegistrationClosed, PasswordRefused, Unprocessable, TooManyRequests),
    scope=Scope.NONE,
)
async def register(ctx: Context) -> None:
    """Ask for an account, where the tenant's policy is open; a mail tells how to go on.

    `tenant` is its slug, the installation's own tenant without it. The answer is the same when the address
    has an account already. The password counts if the mailed link is opened in this browser, which gets a
    cookie; who opens it elsewhere chooses another one.
    """
    given = await encryption.reveal(ctx.kernel, ctx.body)
    browser = cookies.begin_registration(ctx, seconds=int(registration.LIFETIME.total_seconds()))
    await registration.register(ctx.kernel, **given, browser=browser)


@table.route(
    "GET",
    "/verify-email",
    permission=PUBLIC,
    query=VerifyQuery,
    returns=bare(VerifiedOut),
    errors=(LinkRefused, SeatsExhausted),
    scope=Scope.NONE,
)
async def verify_email(ctx: Context) -> dict[str, Any]:
    """Verify an address with the token of the mailed link; the account of a registration is made by it.

    Outside of the browser that registered, the account has no password yet: `resetToken` sets one with
    /auth/reset-password within the hour. So it does for an account that somebody else made for the address,
    which is verified by it.
    """
    verified = await registration.verify(ctx.kernel, ctx.query["token"], browser=cookies.registration(ctx))
    cookies.end_registration(ctx)
    return {"email": verified.user.email, "resetToken": verified.reset_token}


@table.route(
    "POST",
    "/resend-verification",
    permission=PUBLIC,
    body=AddressIn,
    returns=EMPTY,
    status=202,
    errors=(TooManyRequests,),
    scope=Scope.NONE,
)
async def resend_verification(ctx: Context) -> None:
    """Mail the link of an address that waits for its verification anew; the older one is worthless then."""
    await registration.resend(ctx.kernel, email=ctx.body["email"])


@table.route(
    "POST",
    "/invite",
    permission=PUBLIC,
    body=AcceptIn,
    returns=bare(LoginOut),
    errors=(
        SeatsExhausted,
        PasswordUnreadable,
        LinkRefused,
        BadCredentials,
        PasswordRefused,
        SignInDelayed,
        TenantSuspended,
        AddressRefused,
        TooManyRequests,
    ),
    scope=Scope.NONE,
)
async def accept(ctx: Context) -> dict[str, Any]:
    """Accept an invitation and sign in; a new account gets this password, an existing one proves it."""
    visitor = cookies.visitor(ctx)
    given = await encryption.reveal(ctx.kernel, ctx.body)
    user, tenant_id = await invitations.accept(ctx.kernel, **given, visitor=visitor)
    course = Course(user_id=user.id, method="password", tenant_id=tenant_id)
    return answer(ctx, await login.proceed(ctx.kernel.signer(), user, course, visitor))
