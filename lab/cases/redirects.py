"""Answers that lead elsewhere: open redirects, and headers with a line end in them."""

from html import escape
from urllib.parse import urlsplit

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.login import is_password
from lab.pages import form, literal, page, query, script
from lab.world import USERS


def _own(target: str) -> str:
    """Return an own path, / for all that leads away: two slashes, backslashes, a scheme, a tab within."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\"))
    plain = plain and target.isprintable() and "\\" not in target and not urlsplit(target).netloc
    return target if plain else "/"


def _line(target: str) -> str:
    return "".join(char for char in target if char not in "\r\n\0")


def _header(*, own: bool) -> Handler:
    async def go(request: web.Request) -> web.Response:
        target = query(request, "next")
        return web.Response(status=302, headers={"Location": _own(target) if own else _line(target)})

    return go


def _meta(*, own: bool) -> Handler:
    async def moved(request: web.Request) -> web.Response:
        target = query(request, "url")
        address = escape(_own(target) if own else target)
        tag = f'<meta http-equiv="refresh" content="0; url={address}">'
        return page("Moved", f"{tag}<p>You wanted {escape(target)}.</p>")

    return moved


def _script(*, own: bool) -> Handler:
    async def back(request: web.Request) -> web.Response:
        target = query(request, "return")
        source = f"window.location.href = {literal(_own(target) if own else target)};"
        return page("Back", f"<p>Back to {escape(target)}.</p>{script(request, source)}")

    return back


async def _members_form(request: web.Request) -> web.Response:
    inputs = '<input name="username"><input name="password" type="password">'
    onward = f'<input type="hidden" name="next" value="{escape(query(request, "next") or "/rooms")}">'
    return page("Members", f'<form method="post">{inputs}{onward}<button>Sign in</button></form>')


def _members(*, own: bool) -> Handler:
    async def members(request: web.Request) -> web.Response:
        name, password, target = [await form(request, field) for field in ("username", "password", "next")]
        if not is_password(request, name, password):
            return page("Members", "<p>Wrong name or password.</p>", status=401)
        return web.Response(status=303, headers={"Location": _own(target) if own else _line(target)})

    return members


async def _language_vulnerable(request: web.Request) -> web.StreamResponse:
    """Write to the connection what aiohttp refuses to."""
    language = query(request, "lang")
    head = f"HTTP/1.1 302 Found\r\nLocation: /?l={language}\r\nContent-Language: {language}\r\n"
    if request.transport is not None:
        request.transport.write(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        request.transport.close()
    return web.Response()


async def _language_safe(request: web.Request) -> web.StreamResponse:
    language = query(request, "lang")
    if not language.isascii() or not language.isalpha():
        return page("Language", f"<pre>{escape(language)}</pre><p>is no language.</p>", status=400)
    headers = {"Location": f"/?l={language}", "Content-Language": language}
    return web.Response(status=302, headers=headers)


CASES: tuple[Case, ...] = (
    Case(
        name="redirect-header",
        kind="openredirect",
        cwe=601,
        owasp="A01:2021",
        title="Open redirect by Location",
        method="GET",
        path="/go",
        parameter=Parameter("next", "query"),
        sample={"next": "/rooms"},
        description="Any address becomes the Location; the twin lets own paths through.",
        vulnerable=_header(own=False),
        safe=_header(own=True),
    ),
    Case(
        name="redirect-meta",
        kind="openredirect",
        cwe=601,
        owasp="A01:2021",
        title="Open redirect by a meta refresh",
        method="GET",
        path="/moved",
        parameter=Parameter("url", "query"),
        sample={"url": "/rooms"},
        description="Any address is refreshed to; the twin shows it as text.",
        vulnerable=_meta(own=False),
        safe=_meta(own=True),
    ),
    Case(
        name="redirect-script",
        kind="openredirect",
        cwe=601,
        owasp="A01:2021",
        title="Open redirect by script",
        method="GET",
        path="/back",
        parameter=Parameter("return", "query"),
        sample={"return": "/rooms"},
        description="A script goes to any address; the twin shows it as text.",
        vulnerable=_script(own=False),
        safe=_script(own=True),
    ),
    Case(
        name="redirect-login",
        kind="openredirect",
        cwe=601,
        owasp="A01:2021",
        title="Open redirect by the login",
        method="POST",
        path="/members/login",
        parameter=Parameter("next", "form"),
        sample={"username": "alice", "password": USERS["alice"], "next": "/rooms"},
        description="Who signs in is led to any address, the others nowhere; the twin leads to own paths.",
        vulnerable=_members(own=False),
        safe=_members(own=True),
        more=(Route(method="GET", path="/members/login", vulnerable=_members_form),),
    ),
    Case(
        name="header-injection",
        kind="headerinjection",
        cwe=113,
        owasp="A03:2021",
        title="Line ends in a header",
        method="GET",
        path="/language",
        parameter=Parameter("lang", "query"),
        sample={"lang": "en"},
        description="A value is written into the head as it came.",
        vulnerable=_language_vulnerable,
        safe=_language_safe,
    ),
)
