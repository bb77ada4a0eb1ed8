"""/auth: passwords."""

from typing import Any

from threatweaver.auth import cookies
from threatweaver.auth.account.errors import LinkRefused
from threatweaver.auth.encryption import service as encryption
from threatweaver.auth.encryption.errors import PasswordUnreadable
from threatweaver.auth.errors import BadCredentials
from threatweaver.auth.lockout.errors import SignInDelayed
from threatweaver.auth.password import policy, service
from threatweaver.auth.password.errors import PasswordRefused
from threatweaver.auth.password.schemas import ChangeIn, ForgotIn, PolicyOut, PolicyQuery, ResetIn
from threatweaver.http.context import Context
from threatweaver.http.errors import Forbidden, TooManyRequests
from threatweaver.http.route import EMPTY, PUBLIC, SESSION, RouteTable, Scope, bare

table = RouteTable(path="/auth", tag="Authentication")


@table.route(
    "GET",
    "/password-policy",
    permission=PUBLIC,
    query=PolicyQuery,
    returns=bare(PolicyOut),
    scope=Scope.NONE,
)
async def password_policy(ctx: Context) -> dict[str, Any]:
    """Say what a password must be in a tenant; an unknown tenant has the product's own rules."""
    return {
        "minLength": await service.min_length(ctx.kernel, ctx.query.get("tenant")),
        "maxLength": policy.MAX_LENGTH,
        "breachedList": True,
        "compositionRules": False,
    }


@table.route(
    "POST",
    "/change-password",
    permission=SESSION,
    body=ChangeIn,
    returns=EMPTY,
    errors=(PasswordUnreadable, BadCredentials, PasswordRefused, SignInDelayed, Forbidden, TooManyRequests),
    scope=Scope.NONE,
    restricted=True,
)
async def change_password(ctx: Context) -> None:
    """Change your password; your other sessions end."""
    given = await encryption.reveal(ctx.kernel, ctx.body)
    await service.change(
        ctx.kernel, ctx.principal, current=given["current_password"], new=given["new_password"]
    )
    ctx.kernel.identifier.forget()


@table.route(
    "POST",
    "/forgot-password",
    permission=PUBLIC,
    body=ForgotIn,
    returns=EMPTY,
    status=202,
    errors=(TooManyRequests,),
    scope=Scope.NONE,
)
async def forgot_password(ctx: Context) -> None:
    """Ask for a mail with a link that sets a new password; the answer is the same without such an account."""
    await service.forgot(ctx.kernel, email=ctx.body["email"])


@table.route(
    "POST",
    "/reset-password",
    permission=PUBLIC,
    body=ResetIn,
    returns=EMPTY,
    errors=(PasswordUnreadable, LinkRefused, PasswordRefused, TooManyRequests),
    scope=Scope.NONE,
)
async def reset_password(ctx: Context) -> None:
    """Set a new password with the token of the mailed link; every session ends.

    API tokens and the second factor stay, unless nobody had proven the mailbox of the account before: then
    they may be those of whoever made it, and end, too.
    """
    given = await encryption.reveal(ctx.kernel, ctx.body)
    await service.reset(ctx.kernel, **given, visitor=cookies.visitor(ctx))
    ctx.kernel.identifier.forget()
