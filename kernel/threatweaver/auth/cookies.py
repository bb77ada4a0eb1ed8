"""The two cookies of a browser's session."""

from threatweaver.auth.service import SignIn
from threatweaver.http.context import Context

_REFRESH_PATH = "/api/auth"


def set_signed(ctx: Context, signed: SignIn) -> None:
    """Send the tokens of a fresh sign-in as cookies; the request's audit line is this person's."""
    ctx.actor = signed.identity
    settings = ctx.kernel.settings
    ctx.set_cookie("token", signed.access_token, path="/", max_age=int(settings.jwt_expires_in))
    ctx.set_cookie(
        "refreshToken",
        signed.refresh_token,
        path=_REFRESH_PATH,
        max_age=int(settings.jwt_refresh_expires_in),
    )


def clear(ctx: Context) -> None:
    """Remove both cookies."""
    ctx.set_cookie("token", "", path="/", max_age=0)
    ctx.set_cookie("refreshToken", "", path=_REFRESH_PATH, max_age=0)
