"""Setting the second factor up, proving it, and taking it away."""

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from threatweaver.audit import service as audit
from threatweaver.auth import password_door, tokens
from threatweaver.auth.lockout import service as lockout
from threatweaver.auth.mfa import queries, totp
from threatweaver.auth.mfa.errors import MfaEnabled, MfaNotSetUp, MfaRefused
from threatweaver.auth.mfa.models import RecoveryCode
from threatweaver.auth.models import Session, User
from threatweaver.auth.principal import Principal
from threatweaver.auth.sessions import service as sessions
from threatweaver.http.errors import Forbidden, NotFound
from threatweaver.notify.mail import service as mail

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

ISSUER = "ThreatWeaver"
_CODES = 10


@dataclass(frozen=True, slots=True)
class Proof:
    """A code of the authenticator, or a recovery code instead."""

    code: str | None = None
    recovery_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Since when a person has a second factor, and how many recovery codes are left."""

    enabled_at: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What an authenticator app needs; shown once."""

    secret: str
    otpauth_uri: str


async def status(user_id: UUID) -> Status:
    """Return a person's second factor, in a control scope."""
    user = await User.get(id=user_id)
    left = await RecoveryCode.filter(user_id=user_id).count() if user.mfa_enabled_at else 0
    return Status(enabled_at=user.mfa_enabled_at, recovery_codes_left=left)


async def set_up(kernel: "Kernel", user_id: UUID) -> Setup:
    """Make a secret, which counts once `enable` has seen a code of it, in a transaction of its own.

    Raises MfaEnabled.
    """
    secret = totp.new_secret()
    sealed = kernel.secrets.seal(secret, purpose=_purpose(user_id))
    async with kernel.database.control():
        user = await _person(user_id)
        if user.mfa_enabled_at is not None:
            raise MfaEnabled
        await User.filter(id=user_id).update(mfa_secret=sealed)
        await audit.record(f"user:{user_id}", after={"mfa": "being set up"})
    return Setup(secret=secret, otpauth_uri=totp.uri(secret, account=user.email, issuer=ISSUER))


async def enable(kernel: "Kernel", caller: Principal, code: str) -> list[str]:
    """Turn the second factor on after its first good code; return the recovery codes.

    This session counts as signed in with it. In transactions of its own, like `disable` and
    `renew_recovery_codes`. Raises SsoConfined, MfaEnabled, MfaNotSetUp, MfaRefused, SignInDelayed.
    """
    await password_door.require_own_account(kernel, caller)
    async with _proven(kernel, caller, Proof(code=code), enabled=False):
        await User.filter(id=caller.user_id).update(mfa_enabled_at=datetime.now(UTC))
        await Session.filter(id=caller.session_id).update(mfa=True)
        await _tell(kernel, caller.email, on=True, tenant_id=caller.tenant_id)
        codes = await _new_recovery_codes(caller.user_id)
        await audit.record(f"user:{caller.user_id}", before={"mfa": False}, after={"mfa": True})
    return codes


async def disable(kernel: "Kernel", caller: Principal, proof: Proof) -> None:
    """Take the second factor away. Raises MfaNotSetUp, MfaRefused, SignInDelayed."""
    async with _proven(kernel, caller, proof, enabled=True):
        await take_away(kernel, await User.get(id=caller.user_id), tenant_id=caller.tenant_id)
        await audit.record(f"user:{caller.user_id}", before={"mfa": True}, after={"mfa": False})


async def take_away(kernel: "Kernel", user: User, *, tenant_id: UUID) -> None:
    """Take a person's second factor away, whatever there is of it, and tell them, in a control scope."""
    await User.filter(id=user.id).update(mfa_secret=None, mfa_enabled_at=None)
    await RecoveryCode.filter(user_id=user.id).delete()
    if user.mfa_enabled_at is not None:
        await _tell(kernel, user.email, on=False, tenant_id=tenant_id)


async def _tell(kernel: "Kernel", email: str, *, on: bool, tenant_id: UUID) -> None:
    """Mail the owner of an account that its second factor came or went, in a control scope."""
    done = "turned on" if on else "taken away"
    await mail.queue(
        kernel,
        to=email,
        subject=f"Your ThreatWeaver second factor was {done}",
        text=f"The second factor of your account was {done}.\n\n"
        "If it was not you, reset your password now and tell your administrator:\n"
        f"{kernel.settings.public_url}/forgot-password\n",
        tenant_id=tenant_id,
    )


async def renew_recovery_codes(kernel: "Kernel", caller: Principal, proof: Proof) -> list[str]:
    """Replace a person's recovery codes. Raises MfaNotSetUp, MfaRefused, SignInDelayed."""
    async with _proven(kernel, caller, proof, enabled=True):
        codes = await _new_recovery_codes(caller.user_id)
        await audit.record(f"user:{caller.user_id}", after={"mfaFallback": "replaced"})
    return codes


@asynccontextmanager
async def _proven(kernel: "Kernel", caller: Principal, proof: Proof, *, enabled: bool) -> AsyncIterator[None]:
    """Count the attempt, check the proof, and go on in the same transaction if it was good."""
    if caller.session_id is None:
        raise Forbidden("Only a signed-in person can do this, not an API token.")
    async with kernel.database.control():  # on its own, so that it stays counted whatever comes
        attempt = await lockout.begin_again(caller.email, caller.session_id)
    async with kernel.database.control():
        user = await _person(caller.user_id)
        await sessions.hold(caller.session_id)
        if (user.mfa_enabled_at is not None) != enabled:
            raise MfaNotSetUp if enabled else MfaEnabled
        if not await prove(kernel, user, proof):
            raise MfaRefused
        await lockout.succeeded(attempt)
        yield


async def prove(kernel: "Kernel", user: User, proof: Proof) -> bool:
    """Say whether a code is good, and use it up; in a control scope. Raises MfaNotSetUp."""
    if user.mfa_secret is None:
        raise MfaNotSetUp
    if proof.recovery_code is not None:
        return await queries.take_recovery_code(user.id, _digest(proof.recovery_code))
    secret = kernel.secrets.open(user.mfa_secret, purpose=_purpose(user.id))
    counter = totp.counter_of(secret, proof.code or "")
    return counter is not None and await queries.take_counter(user.id, counter)


async def _new_recovery_codes(user_id: UUID) -> list[str]:
    codes = [_new_code() for _ in range(_CODES)]
    await RecoveryCode.filter(user_id=user_id).delete()
    await RecoveryCode.bulk_create([RecoveryCode(user_id=user_id, code_hash=_digest(code)) for code in codes])
    return codes


async def _person(user_id: UUID) -> User:
    user = await User.filter(id=user_id).select_for_update().first()
    if user is None:
        raise NotFound
    return user


def _new_code() -> str:
    """Return 80 random bits as four groups of four letters and digits."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def _digest(code: str) -> bytes:
    return tokens.digest(code.strip().replace("-", "").replace(" ", "").lower())


def _purpose(user_id: UUID) -> str:
    return f"mfa.secret:{user_id}"
