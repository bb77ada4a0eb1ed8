"""Requests that take the password of who sends them: sent so that it stays what it is."""

import re
from dataclasses import replace

from threatweaver_appsec.engine.accounts import REGISTERS, SIGNS_IN, Account, passwords, register
from threatweaver_appsec.engine.agent import Nonce, Operation, Site
from threatweaver_appsec.engine.logins.form import FormLogin
from threatweaver_appsec.engine.logins.recorded import RecordedLogin
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import Point, Value, put

OF_SOMEBODY = re.compile(r"/\d+(/|$)|passw|change|reset|edit", re.IGNORECASE)
"""What comes after /auth where nobody signs in: /auth/users/1/password."""
STAND_IN = "threatweaver-own-password"
"""Stands for the identity's own password in what is kept of a scan; no password is."""


def password_of(login: object) -> str:
    """Return what a login signs in with, empty where it tells none."""
    return login.password if isinstance(login, FormLogin | RecordedLogin) else ""


def without_password(operation: Operation, password: str) -> Operation:
    """Return the operation as it may be kept: `keeping` puts the password into it again."""
    if not password or not sets_password(operation.request):
        return operation
    request, base = keeping(operation.request, STAND_IN), operation.baseline
    if base.response:
        body = base.response.body.replace(password.encode(), STAND_IN.encode())
        base = replace(base, response=replace(base.response, body=body))
    return replace(operation, request=request, baseline=base)


async def somebody(site: Site, nonce: Nonce) -> Account | None:
    """Return who can sign in: whom the scan signs in as, else an account that is made; None for nobody."""
    for identity in site.identities.values():
        if identity.username and (password := password_of(identity)):
            return Account(identity.username, password, identity.username)
    return await register(site, nonce)


def signs_in(request: Request) -> bool:
    """Return whether a request asks for a session or an account: nobody in particular sends it."""
    path = request.parts.path
    found = SIGNS_IN.search(path) or REGISTERS.search(path)
    return bool(found and passwords(request) and not OF_SOMEBODY.search(path, found.end()))


def sets_password(request: Request) -> bool:
    """Return whether a request may change the password of who sends it."""
    writes = request.method in ("GET", "POST", "PUT", "PATCH")  # a GET that takes one twice sets it
    return writes and bool(passwords(request)) and not signs_in(request)


def keeping(request: Request, password: str) -> Request:
    """Return the request with the sender's own password, old and new, so that nobody is locked out by it."""
    if password and sets_password(request):
        for point in passwords(request):
            request = put(request, point, password)
    return request


def repeated(request: Request) -> frozenset[Point]:
    """Return the points that only take a password once more: `put_alike` puts the same there."""
    taken = passwords(request)
    return frozenset(
        point
        for index, point in enumerate(taken)
        if any(other.value == point.value != "" for other in taken[:index])
    )


def put_alike(request: Request, point: Point, value: Value) -> Request:
    """Put a value as `put` does, and the same where a password is typed once more: both have to agree."""
    taken = passwords(request)
    if point in taken and point.value != "":
        for other in taken:
            if other.value == point.value and other.name != point.name:
                request = put(request, other, value)
    return put(request, point, value)
