"""Re-authentication: a signed-in person proves once more who they are before a change that matters."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from threatweaver.auth import passwords
from threatweaver.auth.errors import BadCredentials, ReauthenticationNeeded
from threatweaver.auth.lockout import service as lockout
from threatweaver.auth.models import User
from threatweaver.auth.principal import Principal
from threatweaver.http.errors import Forbidden

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

_RECENT = timedelta(minutes=5)


async def check_recent(kernel: "Kernel", caller: Principal, password: str | None) -> None:
    """Let a caller go on who signed in within five minutes or gives their password.

    Raises ReauthenticationNeeded, and what `check_password` raises.
    """
    if password is not None:
        await check_password(kernel, caller, password)
    elif caller.session is None or caller.session.signed_in_at < datetime.now(UTC) - _RECENT:
        raise ReauthenticationNeeded


async def check_password(kernel: "Kernel", caller: Principal, password: str) -> User:
    """Return the caller's account if this is its password, in transactions of its own.

    Raises BadCredentials, SignInDelayed, and Forbidden for somebody who has none: an API token, or a person
    who signs in with single sign-on.
    """
    if caller.session_id is None:
        raise Forbidden("Only a signed-in person can do this, not an API token.")
    async with kernel.database.control():
        attempt = await lockout.begin_again(caller.email, caller.session_id)
        user = await User.get(id=caller.user_id)
    if not passwords.is_set(user.password_hash):
        raise Forbidden("You sign in without a password; set one with a reset link first.")
    if not await passwords.verify(user.password_hash, password):
        raise BadCredentials
    async with kernel.database.control():
        await lockout.succeeded(attempt)
    return user
