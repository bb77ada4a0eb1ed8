"""What handlers read and answer with; every page has a clock and a random token, as real ones do."""

import json
import secrets
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web
from aiohttp.http import SERVER_SOFTWARE

from lab.case import Case
from lab.world import world

NONCE = web.RequestKey("nonce", str)
BARE = web.RequestKey("bare", frozenset[str])
"""Default headers that a handler leaves out, in lower case."""


def query(request: web.Request, name: str) -> str:
    """Return a query parameter, empty when absent."""
    return request.query.get(name, "")


async def form(request: web.Request, name: str) -> str:
    """Return a form field, empty when absent or a file."""
    value = (await request.post()).get(name, "")
    return value if isinstance(value, str) else ""


async def document(request: web.Request) -> dict[str, Any]:
    """Return a JSON object; raises 400."""
    try:
        found = json.loads(await request.text())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise web.HTTPBadRequest(
            text='{"error": "a JSON object is expected"}', content_type="application/json"
        )
    return found


def cookie(request: web.Request, name: str) -> str:
    """Return a cookie decoded as browsers' escapes have it, empty when absent."""
    for part in request.headers.get("Cookie", "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return unquote(value)
    return ""


def page(title: str, body: str, status: int = 200) -> web.Response:
    """Return an HTML page around a body, which must be HTML already."""
    text = (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title></head>\n"
        f'<body><nav><a href="/">Home</a> <a href="/account">Account</a></nav>\n'
        f"<h1>{escape(title)}</h1>\n{body}\n"
        f"<footer>Rendered {datetime.now(UTC).isoformat()} as {secrets.token_hex(8)}"
        f"{'<br>' * secrets.randbelow(3)}</footer></body></html>"
    )
    return web.Response(status=status, text=text, content_type="text/html")


def answer(content: Any, status: int = 200) -> web.Response:
    """Return JSON."""
    return web.json_response(content, status=status)


def script(request: web.Request, source: str) -> str:
    """Return an inline script that the page's policy allows."""
    return f'<script nonce="{request[NONCE]}">{source}</script>'


def literal(value: Any) -> str:
    """Return a value as JavaScript that cannot end its script element."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def table(rows: list[tuple[Any, ...]]) -> str:
    """Return rows as an HTML table, encoded."""
    cells = ("".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def entry(case: Case) -> str:
    """Return the link or the form through which a crawler finds a case."""
    path = case.path
    for name, value in case.sample.items():
        path = path.replace(f"{{{name}}}", str(value))
    where = case.parameter.where if case.parameter else "query"
    if case.method == "GET":
        values = f"?{urlencode(case.sample)}" if where == "query" and case.sample else ""
        return f'<li><a href="{escape(path + values)}">{escape(path)}</a></li>'
    file = where == "multipart"
    kind, field = (' enctype="multipart/form-data"', "file") if file else ("", "text")
    fields = "".join(
        f'<input type="{field}" name="{escape(name)}" value="{escape(str(value))}">'
        for name, value in case.sample.items()
    )
    return f'<li><form method="post" action="{escape(path)}"{kind}>{fields}<button>Send</button></form></li>'


async def dress(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers of a well-kept site on an answer, but for those that its handler left out."""
    policy = (
        f"default-src 'self'; script-src 'self' 'nonce-{request[NONCE]}'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        if world(request).safe
        else "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Strict-Transport-Security": "max-age=31536000",
        "Server": "web",
        "Cache-Control": "no-store",
    }
    bare = request.get(BARE, frozenset())
    for name, value in headers.items():
        if name.lower() not in bare:
            response.headers.setdefault(name, value)
    if response.headers["Server"] == SERVER_SOFTWARE:  # the library says its version before anybody is asked
        response.headers["Server"] = headers["Server"]
