"""Requests that take the password of who sends them: sent so that it stays what it is."""

from threatweaver_appsec.engine.accounts import REGISTERS, SIGNS_IN, passwords
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import Point, Value, put


def signs_in(request: Request) -> bool:
    """Return whether a request asks for a session or an account: nobody in particular sends it."""
    path = request.parts.path
    return bool(passwords(request)) and bool(SIGNS_IN.search(path) or REGISTERS.search(path))


def sets_password(request: Request) -> bool:
    """Return whether a request may change the password of who sends it."""
    return request.method in ("POST", "PUT", "PATCH") and bool(passwords(request)) and not signs_in(request)


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
