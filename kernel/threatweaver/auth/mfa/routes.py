"""/auth/mfa: the caller's own second factor."""

from typing import Any

from threatweaver.admin.settings import service as tenant_settings
from threatweaver.auth import again
from threatweaver.auth.encryption import service as encryption
from threatweaver.auth.encryption.errors import PasswordUnreadable
from threatweaver.auth.errors import BadCredentials, ReauthenticationNeeded, SsoConfined
from threatweaver.auth.lockout.errors import SignInDelayed
from threatweaver.auth.mfa import qr, service
from threatweaver.auth.mfa.errors import MfaEnabled, MfaNotSetUp, MfaRefused
from threatweaver.auth.mfa.schemas import (
    DisableIn,
    EnableIn,
    ProofIn,
    RecoveryCodesOut,
    SetupIn,
    SetupOut,
    StatusOut,
)
from threatweaver.auth.mfa.service import Proof
from threatweaver.http.context import Context
from threatweaver.http.errors import Forbidden
from threatweaver.http.route import EMPTY, SESSION, RouteTable, Scope, bare

table = RouteTable(path="/auth/mfa", tag="Authentication")


@table.route("GET", permission=SESSION, returns=bare(StatusOut), scope=Scope.CONTROL, restricted=True)
async def status(ctx: Context) -> dict[str, Any]:
    """Say whether you have a second factor, and whether your tenant asks for one."""
    settings = await tenant_settings.read(ctx.kernel, ctx.principal.schema)
    found = await service.status(ctx.principal.user_id)
    return {
        "enabled": found.enabled_at is not None,
        "enabledAt": found.enabled_at,
        "recoveryCodesLeft": found.recovery_codes_left,
        "required": settings.mfa_required,
    }


@table.route(
    "POST",
    "/setup",
    permission=SESSION,
    body=SetupIn,
    returns=bare(SetupOut),
    errors=(
        MfaEnabled,
        ReauthenticationNeeded,
        PasswordUnreadable,
        BadCredentials,
        SignInDelayed,
        Forbidden,
    ),
    scope=Scope.NONE,
    restricted=True,
)
async def set_up(ctx: Context) -> dict[str, Any]:
    """Get a new secret for an authenticator app, as text, otpauth URI and QR code; enable it with a code.

    Five minutes after the sign-in it takes your password, too.
    """
    given = await encryption.reveal(ctx.kernel, ctx.body)
    await again.check_recent(ctx.kernel, ctx.principal, given.get("password"))
    made = await service.set_up(ctx.kernel, ctx.principal.user_id)
    image = qr.data_uri(made.otpauth_uri, ctx.body["qr_code"])
    return {"secret": made.secret, "otpauthUri": made.otpauth_uri, "qrCode": image}


@table.route(
    "POST",
    "/enable",
    permission=SESSION,
    body=EnableIn,
    returns=bare(RecoveryCodesOut),
    errors=(MfaEnabled, MfaNotSetUp, MfaRefused, SignInDelayed, Forbidden, SsoConfined),
    scope=Scope.NONE,
    restricted=True,
)
async def enable(ctx: Context) -> dict[str, Any]:
    """Turn the second factor on with its first code; the recovery codes are shown this once."""
    codes = await service.enable(ctx.kernel, ctx.principal, ctx.body["code"])
    ctx.kernel.identifier.forget()  # this session is no longer restricted
    return {"recoveryCodes": codes}


@table.route(
    "POST",
    "/disable",
    permission=SESSION,
    body=DisableIn,
    returns=EMPTY,
    errors=(PasswordUnreadable, MfaNotSetUp, MfaRefused, BadCredentials, SignInDelayed, Forbidden),
    scope=Scope.NONE,
)
async def disable(ctx: Context) -> None:
    """Take your second factor away, with your password and a code."""
    given = await encryption.reveal(ctx.kernel, ctx.body)
    await again.check_password(ctx.kernel, ctx.principal, given["password"])
    await service.disable(ctx.kernel, ctx.principal, _proof(ctx))
    ctx.kernel.identifier.forget()


@table.route(
    "POST",
    "/recovery-codes",
    permission=SESSION,
    body=ProofIn,
    returns=bare(RecoveryCodesOut),
    errors=(MfaNotSetUp, MfaRefused, SignInDelayed, Forbidden),
    scope=Scope.NONE,
)
async def renew_recovery_codes(ctx: Context) -> dict[str, Any]:
    """Replace your recovery codes; the new ones are shown this once, the old ones are worthless."""
    codes = await service.renew_recovery_codes(ctx.kernel, ctx.principal, _proof(ctx))
    return {"recoveryCodes": codes}


def _proof(ctx: Context) -> Proof:
    return Proof(code=ctx.body.get("code"), recovery_code=ctx.body.get("recovery_code"))
