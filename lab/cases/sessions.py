"""Sessions and signing in: what a cookie may do, what an answer gives away, how often one may try."""

import asyncio
import hmac
import secrets
from hashlib import sha256
from html import escape

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.login import api_login, api_register, is_password, login, register
from lab.pages import answer, cookie, document, form, page, query
from lab.world import USERS, user_of, world

_HASHING = 0.3  # seconds that a slow hash takes


async def _credentials(request: web.Request) -> dict[str, str]:
    return {name: await form(request, name) for name in ("username", "password")}


async def _portal_form(request: web.Request) -> web.Response:
    """Hand out a session before anybody signed in, as many frameworks do."""
    fields = '<input name="username"><input name="password" type="password"><button>Sign in</button>'
    user = world(request).state["portal"].get(cookie(request, "portal"))
    greeting = f"<p>Signed in as {escape(user)}</p>" if user else ""
    response = page("Portal", f'{greeting}<form method="post" action="/portal/login">{fields}</form>')
    if not cookie(request, "portal"):
        response.set_cookie("portal", secrets.token_urlsafe(24), httponly=True, samesite="Lax")
    return response


def _portal(*, renewed: bool) -> Handler:
    async def portal(request: web.Request) -> web.Response:
        fields = await _credentials(request)
        if not is_password(request, fields["username"], fields["password"]):
            return page("Portal", "<p>Wrong name or password.</p>", status=401)
        old = cookie(request, "portal")
        token = secrets.token_urlsafe(24) if renewed or not old else old
        world(request).state["portal"][token] = fields["username"]
        response = web.Response(status=303, headers={"Location": "/portal/login"})
        response.set_cookie("portal", token, httponly=True, samesite="Lax")
        return response

    return portal


def _csrf_token(request: web.Request) -> str:
    session = request.cookies.get("session", "")
    return hmac.new(world(request).key, session.encode(), sha256).hexdigest()


def _email_form(*, checked: bool) -> Handler:
    async def email_form(request: web.Request) -> web.Response:
        user = user_of(request)
        if user is None:
            raise web.HTTPFound("/login")
        token = f'<input type="hidden" name="csrf_token" value="{_csrf_token(request)}">' if checked else ""
        now = world(request).state["emails"].get(user, f"{user}@example.com")
        fields = f'{token}<input name="email" value="{escape(now)}"><button>Change</button>'
        return page("Email", f'<form method="post" action="/account/email">{fields}</form>')

    return email_form


def _email(*, checked: bool) -> Handler:
    async def email(request: web.Request) -> web.Response:
        user = user_of(request)
        if user is None:
            raise web.HTTPFound("/login")
        if checked and not hmac.compare_digest(_csrf_token(request), await form(request, "csrf_token")):
            return page("Email", "<p>The form is too old, open it again.</p>", status=403)
        world(request).state["emails"][user] = await form(request, "email")
        return page("Email", f"<p>Changed to {escape(world(request).state['emails'][user])}.</p>")

    return email


def _motto(*, checked: bool) -> Handler:
    async def motto(request: web.Request) -> web.Response:
        """Keep a sentence by a link, as no GET should."""
        user = user_of(request)
        if user is None:
            raise web.HTTPFound("/login")
        kept = world(request).state["mottos"]
        known = hmac.compare_digest(_csrf_token(request), query(request, "csrf_token"))
        if "motto" in request.query and (known or not checked):
            kept[user] = query(request, "motto")
        return page("Motto", f"<p>{escape(kept.get(user, 'None yet.'))}</p>")

    return motto


def _preferences(*, flagged: bool) -> Handler:
    async def preferences(_request: web.Request) -> web.Response:
        response = page("Preferences", "<p>Kept.</p>")
        token = secrets.token_urlsafe(24)
        if flagged:
            response.set_cookie("auth_token", token, httponly=True, secure=True, samesite="Strict")
        else:
            response.set_cookie("auth_token", token)
        return response

    return preferences


async def _recover_vulnerable(request: web.Request) -> web.Response:
    username = await form(request, "username")
    if username in world(request).users:
        return page("Recover", "<p>We have sent you a link.</p>")
    return page("Recover", f"<p>There is no user {escape(username)}.</p>", status=404)


async def _recover_safe(request: web.Request) -> web.Response:
    username = await form(request, "username")
    return page("Recover", f"<p>If there is a user {escape(username)}, they were sent a link.</p>")


def _check(*, constant: bool) -> Handler:
    async def check(request: web.Request) -> web.Response:
        content = await document(request)
        username, password = str(content.get("username")), str(content.get("password"))
        right = is_password(request, username, password)
        if constant or username in world(request).users:
            await asyncio.sleep(_HASHING + secrets.randbelow(40) / 1000)
        if right:
            return answer({"welcome": username})
        return answer({"error": "wrong name or password", "trace": secrets.token_hex(8)}, 401)

    return check


async def _console_form(_request: web.Request) -> web.Response:
    fields = '<input name="username"><input name="password" type="password"><button>Sign in</button>'
    return page("Router console", f'<form method="post" action="/console/login">{fields}</form>')


def _console(*, changed: bool) -> Handler:
    async def console(request: web.Request) -> web.Response:
        fields = await _credentials(request)
        password = world(request).key.hex() if changed else "admin"
        if fields != {"username": "admin", "password": password}:
            return page("Router console", "<p>Wrong name or password.</p>", status=401)
        response = page("Router console", "<p>Welcome, admin.</p><a href='/logout'>Sign out</a>")
        response.set_cookie("console", secrets.token_urlsafe(24), httponly=True, samesite="Strict")
        return response

    return console


_SIGN_IN = {"username": "alice", "password": USERS["alice"]}

CASES: tuple[Case, ...] = (
    Case(
        name="session-fixation",
        kind="sessionfixation",
        cwe=384,
        owasp="A07:2021",
        title="A session that was there before signing in",
        method="POST",
        path="/portal/login",
        parameter=Parameter("portal", "cookie"),
        sample=_SIGN_IN,
        description="The cookie that came with the sign-in is signed in; the twin hands out another one.",
        vulnerable=_portal(renewed=False),
        safe=_portal(renewed=True),
        more=(Route(method="GET", path="/portal/login", vulnerable=_portal_form),),
    ),
    Case(
        name="csrf",
        kind="csrf",
        cwe=352,
        owasp="A01:2021",
        title="A form that other sites can send",
        method="POST",
        path="/account/email",
        parameter=Parameter("email", "form"),
        sample={"email": "alice@example.org"},
        needs="login",
        description="No token, and a session cookie that is sent across sites.",
        vulnerable=_email(checked=False),
        safe=_email(checked=True),
        more=(
            Route(
                method="GET",
                path="/account/email",
                vulnerable=_email_form(checked=False),
                safe=_email_form(checked=True),
            ),
        ),
    ),
    Case(
        name="csrf-link",
        kind="csrf",
        cwe=352,
        owasp="A01:2021",
        title="A link that changes something",
        method="GET",
        path="/account/motto",
        parameter=Parameter("motto", "query"),
        sample={"motto": "Stay curious"},
        needs="login",
        description="A GET stores what it is given; the twin asks for a token that no other site knows.",
        vulnerable=_motto(checked=False),
        safe=_motto(checked=True),
    ),
    Case(
        name="cookie-flags",
        kind="cookieflags",
        cwe=1004,
        owasp="A05:2021",
        title="A cookie without HttpOnly, Secure and SameSite",
        method="GET",
        path="/preferences",
        parameter=Parameter("auth_token", "cookie"),
        description="A token is kept in a cookie that scripts and other sites reach.",
        vulnerable=_preferences(flagged=False),
        safe=_preferences(flagged=True),
    ),
    Case(
        name="rate-limit",
        kind="bruteforce",
        cwe=307,
        owasp="API4:2023",
        title="As many attempts as one likes",
        method="POST",
        path="/login",
        parameter=Parameter("password", "form"),
        sample=_SIGN_IN,
        listed=False,
        description="Passwords may be tried for ever; the twin answers 429 after ten wrong ones a minute.",
        vulnerable=login(limited=False),
        safe=login(limited=True),
        more=(
            Route(
                method="POST",
                path="/api/login",
                vulnerable=api_login(limited=False),
                safe=api_login(limited=True),
            ),
        ),
    ),
    Case(
        name="weak-password",
        kind="weakpassword",
        cwe=521,
        owasp="A07:2021",
        title="Any password will do",
        method="POST",
        path="/register",
        parameter=Parameter("password", "form"),
        listed=False,
        sample={"username": "robin", "password": "correct-horse-9"},
        description="One character is a password; the twin wants twelve.",
        vulnerable=register(strict=False),
        safe=register(strict=True),
        more=(
            Route(
                method="POST",
                path="/api/register",
                vulnerable=api_register(strict=False),
                safe=api_register(strict=True),
            ),
        ),
    ),
    Case(
        name="enumeration-message",
        kind="enumeration",
        cwe=204,
        owasp="A07:2021",
        title="Names told by the message",
        method="POST",
        path="/recover",
        parameter=Parameter("username", "form"),
        sample={"username": "alice"},
        description="Another sentence for names that do not exist.",
        vulnerable=_recover_vulnerable,
        safe=_recover_safe,
    ),
    Case(
        name="enumeration-time",
        kind="enumeration",
        cwe=208,
        owasp="A07:2021",
        title="Names told by the time",
        method="POST",
        path="/api/auth",
        parameter=Parameter("username", "json"),
        sample=_SIGN_IN,
        api=True,
        description="A slow hash is made for names that exist only.",
        vulnerable=_check(constant=False),
        safe=_check(constant=True),
    ),
    Case(
        name="default-credentials",
        kind="defaultcredentials",
        cwe=1392,
        owasp="A07:2021",
        title="admin/admin",
        method="POST",
        path="/console/login",
        parameter=Parameter("password", "form"),
        sample={"username": "guest", "password": "guest"},
        description="A console that nobody set up.",
        vulnerable=_console(changed=False),
        safe=_console(changed=True),
        more=(Route(method="GET", path="/console/login", vulnerable=_console_form),),
    ),
)
