"""Sessions that stand in the cookie itself: who can write one is whom they like. And flags, by HTTPS too."""

import base64
import hashlib
import hmac
import json
import secrets
from html import escape
from urllib.parse import quote, unquote

from aiohttp import web

from lab.case import Case, Handler, Route
from lab.login import is_password
from lab.pages import answer, cookie, form, page
from lab.world import world

_COMMON = b"keyboard cat"
_FIELDS = '<input name="username"><input name="password" type="password"><button>Sign in</button>'


def _plain(user: str) -> str:
    return base64.urlsafe_b64encode(json.dumps({"username": user}).encode()).decode().rstrip("=")


def _signed(user: str, secret: bytes) -> str:
    """Return a cookie as Express signs it."""
    digest = base64.b64encode(hmac.new(secret, user.encode(), hashlib.sha256).digest()).decode().rstrip("=")
    return f"s:{user}.{digest}"


def _read_plain(text: str) -> str:
    try:
        return str(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))["username"])
    except (ValueError, LookupError, TypeError):
        return ""


def _read_signed(text: str, secret: bytes) -> str:
    user = text.removeprefix("s:").rpartition(".")[0]
    return user if hmac.compare_digest(_signed(user, secret).encode(), unquote(text).encode()) else ""


def _pages(name: str, secret: bytes | None) -> tuple[Handler, Handler, Handler]:
    """Return form, sign-in and home of a club; without a secret its cookie is not signed, b"" is its own."""

    def key(request: web.Request) -> bytes:
        return secret or world(request).key

    async def show(_request: web.Request) -> web.Response:
        return page(name.capitalize(), f'<form method="post" action="/{name}/login">{_FIELDS}</form>')

    async def enter(request: web.Request) -> web.Response:
        user, password = await form(request, "username"), await form(request, "password")
        if not is_password(request, user, password):
            return page(name.capitalize(), "<p>Wrong name or password.</p>", status=401)
        value = _plain(user) if secret is None else quote(_signed(user, key(request)), safe="")
        response = web.Response(status=303, headers={"Location": f"/{name}"})
        response.set_cookie(name, value, httponly=True, samesite="Lax")
        return response

    async def home(request: web.Request) -> web.Response:
        text = cookie(request, name)
        user = _read_plain(text) if secret is None else _read_signed(text, key(request))
        if user not in world(request).users:
            raise web.HTTPFound(f"/{name}/login")
        number = hashlib.sha256(user.encode()).hexdigest()[:6]
        body = f"<p>Hello {escape(user)}</p><p>Locker of {escape(user)}: {int(number, 16) % 1000}</p>"
        return page(name.capitalize(), body)

    return show, enter, home


def _club(case: str, name: str, cwe: int, title: str, secret: bytes | None) -> Case:
    """Return a case; the twin signs by its own key."""
    show, enter, home = _pages(name, secret)
    _, enter_safe, home_safe = _pages(name, b"")
    return Case(
        name=case,
        kind="sessionforgery",
        cwe=cwe,
        owasp="A07:2021",
        title=title,
        method="GET",
        path=f"/{name}",
        description=f"{title}; signing in at /{name}/login sets it.",
        vulnerable=home,
        safe=home_safe,
        more=(
            Route(method="GET", path=f"/{name}/login", vulnerable=show),
            Route(method="POST", path=f"/{name}/login", vulnerable=enter, safe=enter_safe),
        ),
    )


def _prefixed(*, kept: bool) -> Handler:
    async def prefixed(_request: web.Request) -> web.Response:
        response = page("Theme", "<p>Dark.</p>")
        rest = "Path=/; Secure; " if kept else "Path=/theme; "
        response.headers["Set-Cookie"] = f"__Host-theme={secrets.token_hex(4)}; {rest}HttpOnly; SameSite=Lax"
        return response

    return prefixed


def _by_form(*, taken: bool) -> Handler:
    """A GraphQL endpoint that knows __typename only."""

    async def by_form(request: web.Request) -> web.Response:
        if request.content_type == "application/json":
            content = await request.json()
        elif taken and request.content_type == "application/x-www-form-urlencoded":
            content = dict(await request.post())
        else:
            return answer({"errors": [{"message": "application/json is expected"}]}, 415)
        if isinstance(content, dict) and content.get("query") == "query{__typename}":
            return answer({"data": {"__typename": "Query"}})
        return answer({"errors": [{"message": "Cannot query that."}]}, 400)

    return by_form


def _suggesting(*, helps: bool) -> Handler:
    """A GraphQL endpoint whose introspection is off; where it helps, it says what was nearly meant."""

    async def suggesting(request: web.Request) -> web.Response:
        query = str((await request.json()).get("query")) if request.body_exists else ""
        if query == "query{__typename}":
            return answer({"data": {"__typename": "Query"}})
        hint = ' Did you mean "__typename"?' if helps and "__typenam" in query else ""
        return answer({"errors": [{"message": f"Cannot query that field.{hint}"}]})

    return suggesting


CASES: tuple[Case, ...] = (
    _club("session-forgery", "club", 565, "A cookie that names its user", None),
    _club("session-weak-secret", "desk", 1391, "A cookie signed with a common word", _COMMON),
    Case(
        name="cookie-prefix",
        kind="cookieflags",
        cwe=1275,
        owasp="A05:2021",
        title="A cookie that breaks its name's promise",
        method="GET",
        path="/theme",
        description="__Host- without Secure, for a part of the site.",
        vulnerable=_prefixed(kept=False),
        safe=_prefixed(kept=True),
    ),
    Case(
        name="graphql-csrf",
        kind="graphql-csrf",
        cwe=352,
        owasp="API8:2023",
        title="GraphQL as a form",
        method="POST",
        path="/gql",
        listed=False,
        description="A query is taken from a form's body, which other sites send.",
        vulnerable=_by_form(taken=True),
        safe=_by_form(taken=False),
    ),
    Case(
        name="graphql-suggestions",
        kind="graphql-suggestions",
        cwe=200,
        owasp="API8:2023",
        title="GraphQL suggests names",
        method="POST",
        path="/api/graphql",
        listed=False,
        description="Introspection is off, and errors tell which field was nearly meant.",
        vulnerable=_suggesting(helps=True),
        safe=_suggesting(helps=False),
    ),
)
