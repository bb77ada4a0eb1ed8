"""Accounts: registering, signing in by form and by JSON, signing out."""

import re
import secrets
import time
from html import escape

from aiohttp import web

from lab.case import Handler
from lab.pages import answer, document, form, page
from lab.world import world

ATTEMPTS = 10  # wrong passwords a minute, place and user; then 429
SHORTEST = 12  # characters of a password
_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")
_FIELDS = '<input name="username"><input name="password" type="password">'


def is_password(request: web.Request, username: str, password: str, *, limited: bool = True) -> bool:
    """Return whether somebody's password is right; raises 429 where too many were wrong."""
    here = world(request)
    now = time.monotonic()
    failures = here.state["failures"]
    recent = [at for at in failures.get((request.path, username), ()) if now - at < 60]
    if limited and len(recent) >= ATTEMPTS:
        raise web.HTTPTooManyRequests(text="Too many attempts, wait a minute.", headers={"Retry-After": "60"})
    right = here.users.get(username) == password
    failures[request.path, username] = [] if right else [*recent, now]
    return right


async def show_login(_request: web.Request) -> web.Response:
    """Show the form."""
    return page("Sign in", f'<form method="post" action="/login">{_FIELDS}<button>Sign in</button></form>')


def login(*, limited: bool) -> Handler:
    """Return what takes the form."""

    async def enter(request: web.Request) -> web.Response:
        username, password = await form(request, "username"), await form(request, "password")
        if not is_password(request, username, password, limited=limited):
            return page("Sign in", "<p>Wrong name or password.</p>", status=401)
        response = web.Response(status=303, headers={"Location": "/account"})
        across = "Lax" if world(request).safe else "None"
        response.set_cookie("session", _session(request, username), httponly=True, samesite=across)
        return response

    return enter


def api_login(*, limited: bool) -> Handler:
    """Return what takes a name and a password as JSON, and answers a bearer token."""

    async def enter(request: web.Request) -> web.Response:
        content = await document(request)
        username, password = str(content.get("username")), str(content.get("password"))
        if not is_password(request, username, password, limited=limited):
            return answer({"error": "wrong name or password"}, 401)
        return answer({"token": _session(request, username)})

    return enter


def _session(request: web.Request, username: str) -> str:
    token = secrets.token_urlsafe(24)
    world(request).sessions[token] = username
    return token


async def logout(request: web.Request) -> web.Response:
    """End a session."""
    world(request).sessions.pop(request.cookies.get("session", ""), None)
    response = web.Response(status=303, headers={"Location": "/"})
    response.del_cookie("session", httponly=True, samesite="Lax")
    return response


async def show_register(_request: web.Request) -> web.Response:
    """Show the form."""
    fields = f'{_FIELDS}<input name="email"><button>Register</button>'
    return page("Register", f'<form method="post" action="/register">{fields}</form>')


def register(*, strict: bool) -> Handler:
    """Return what takes the form."""

    async def take(request: web.Request) -> web.Response:
        username = await form(request, "username")
        error = _register(request, username, await form(request, "password"), strict=strict)
        if error:
            return page("Register", f"<p>Error: {escape(error)}</p>", status=422)
        return web.Response(status=303, headers={"Location": "/login"})

    return take


def api_register(*, strict: bool) -> Handler:
    """Return what takes an account as JSON."""

    async def take(request: web.Request) -> web.Response:
        content = await document(request)
        username = str(content.get("username"))
        error = _register(request, username, str(content.get("password")), strict=strict)
        return answer({"error": error}, 422) if error else answer({"username": username}, 201)

    return take


def _register(request: web.Request, username: str, password: str, *, strict: bool) -> str:
    """Make an account; return what is wrong with it instead, empty where nothing is."""
    users = world(request).users
    if not _NAME.fullmatch(username) or username in users:
        return "choose another name"
    if strict and len(password) < SHORTEST:
        return f"the password is invalid, it needs {SHORTEST} characters"
    if len(users) < 10_000:
        users[username] = password
    return ""
