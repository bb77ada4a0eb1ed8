"""The cookies of a browser: its session, and the device that it is."""

from threatweaver.auth import tokens
from threatweaver.auth.lockout.service import Visitor
from threatweaver.auth.service import SignIn
from threatweaver.http.context import Context

_PATH = "/api/auth"
_DEVICE_SECONDS = 400 * 86_400  # what browsers keep at most
_REGISTRATION = "registration"


def set_signed(ctx: Context, signed: SignIn) -> None:
    """Send the tokens of a fresh sign-in as cookies."""
    settings = ctx.kernel.settings
    ctx.set_cookie("token", signed.access_token, path="/", max_age=int(settings.jwt_expires_in))
    ctx.set_cookie(
        "refreshToken", signed.refresh_token, path=_PATH, max_age=int(settings.jwt_refresh_expires_in)
    )


def clear(ctx: Context) -> None:
    """Remove the cookies of a session; the device stays known."""
    ctx.set_cookie("token", "", path="/", max_age=0)
    ctx.set_cookie("refreshToken", "", path=_PATH, max_age=0)


def begin_registration(ctx: Context, *, seconds: int) -> str:
    """Send a browser that registers what it is known by when its address is verified; return it.

    Always a new one: what a browser has already may be known to whoever put it there.
    """
    secret = tokens.new_secret()
    ctx.set_cookie(_REGISTRATION, secret, path=_PATH, max_age=seconds)
    return secret


def registration(ctx: Context) -> str:
    """Return what the browser got when it registered, "" for any other."""
    return ctx.request.cookies.get(_REGISTRATION, "")


def end_registration(ctx: Context) -> None:
    """Remove what the browser got when it registered."""
    ctx.set_cookie(_REGISTRATION, "", path=_PATH, max_age=0)


def visitor(ctx: Context) -> Visitor:
    """Return from where somebody tries to sign in, and send the device's cookie if it has none."""
    key, device = ctx.kernel.keys.device, ctx.request.cookies.get("device", "")
    if not tokens.is_ours(key, device):
        device = tokens.new_device(key)
        ctx.set_cookie("device", device, path=_PATH, max_age=_DEVICE_SECONDS)
    return Visitor(
        address=ctx.address,
        user_agent=ctx.header("User-Agent"),
        device=device.partition(".")[0],
        request_id=ctx.request_id,
    )
