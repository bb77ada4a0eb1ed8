"""Calls of the routes of signing in, each with what must have happened before."""

from typing import Any

import pyotp

from threatweaver.http.example import Caller, Example, ExampleOf
from threatweaver.testing.contract.values import PASSWORD


async def _credentials(caller: Caller, **more: Any) -> dict[str, Any]:
    me = await caller.call("GET", "/auth/me")
    return {"email": me.body["email"], "password": PASSWORD, **more}


async def _sign_in(caller: Caller) -> Example:
    return Example(body=await _credentials(caller))


async def _refresh(caller: Caller) -> Example:
    signed = await caller.call("POST", "/auth/login", await _credentials(caller))
    cookies = [text.split(";")[0] for text in signed.headers.getall("Set-Cookie")]
    return Example(headers={"Cookie": next(text for text in cookies if text.startswith("refreshToken="))})


async def _other_session(caller: Caller) -> Example:
    """Sign in once more, and name that session."""
    await caller.call("POST", "/auth/login", await _credentials(caller))
    listed = await caller.call("GET", "/security/sessions?limit=1")
    return Example(params={"id": listed.body["data"][0]["id"]})


async def _own_lockout(caller: Caller) -> Example:
    me = await caller.call("GET", "/auth/me")
    return Example(params={"userId": me.body["id"]})


async def _switch_tenant(caller: Caller) -> Example:
    me = await caller.call("GET", "/auth/me")
    return Example(body={"tenantId": me.body["tenantId"]})


async def _select_tenant(caller: Caller) -> Example:
    pending = await caller.call("POST", "/auth/login", await _credentials(caller, chooseTenant=True))
    chosen = pending.body["tenants"][0]["id"]
    return Example(body={"tenantToken": pending.body["tenantToken"], "tenantId": chosen})


async def _first_code(caller: Caller) -> Example:
    made = await caller.call("POST", "/auth/mfa/setup", {})
    return Example(body={"code": pyotp.TOTP(made.body["secret"]).now()})


async def _recovery_code(caller: Caller) -> str:
    """Set the second factor up; return a code that stays good whatever the time is."""
    enabled = await caller.call("POST", "/auth/mfa/enable", (await _first_code(caller)).body)
    return str(enabled.body["recoveryCodes"][0])


async def _validate(caller: Caller) -> Example:
    code = await _recovery_code(caller)
    pending = await caller.call("POST", "/auth/login", await _credentials(caller))
    return Example(body={"mfaToken": pending.body["mfaToken"], "recoveryCode": code})


async def _disable(caller: Caller) -> Example:
    return Example(body={"password": PASSWORD, "recoveryCode": await _recovery_code(caller)})


async def _renew(caller: Caller) -> Example:
    return Example(body={"recoveryCode": await _recovery_code(caller)})


async def _own_address(caller: Caller) -> Example:
    me = await caller.call("GET", "/auth/me")
    return Example(body={"email": me.body["email"]})


async def _register(caller: Caller) -> Example:
    me = await caller.call("GET", "/auth/me")
    await caller.call("PUT", "/admin/settings", {"values": {"registration": "open"}})
    address = f"new-{me.body['email']}"
    body = {"email": address, "password": PASSWORD, "name": "New", "tenant": me.body["tenantSlug"]}
    return Example(body=body)


EXAMPLES: dict[str, ExampleOf] = {
    "DELETE /security/sessions/{id}": _other_session,
    "DELETE /security/lockouts/{userId}": _own_lockout,
    "POST /auth/login": _sign_in,
    "POST /auth/refresh": _refresh,
    "POST /auth/switch-tenant": _switch_tenant,
    "POST /auth/select-tenant": _select_tenant,
    "POST /auth/change-password": Example(
        body={"currentPassword": PASSWORD, "newPassword": f"{PASSWORD} and more"}
    ),
    "POST /auth/forgot-password": _own_address,
    "POST /auth/register": _register,
    "POST /auth/resend-verification": _own_address,
    "POST /auth/mfa/enable": _first_code,
    "POST /auth/mfa/validate": _validate,
    "POST /auth/mfa/disable": _disable,
    "POST /auth/mfa/recovery-codes": _renew,
}

_MAILED = "needs a token that only a mail has; the tests of accounts do it"
UNCALLABLE: dict[str, str] = {
    "GET /auth/verify-email": _MAILED,
    "POST /auth/reset-password": _MAILED,
    "POST /auth/invite": _MAILED,
}
