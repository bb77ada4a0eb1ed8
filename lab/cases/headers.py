"""Headers that are believed, missing, or say too much."""

import secrets
import time
from html import escape

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.pages import BARE, answer, form, page
from lab.world import need_user, world

_PARTNER = "https://partner.example"
_FRESH = 5.0  # seconds that a page is cached


def _contact(*, listed: bool) -> Handler:
    async def contact(request: web.Request) -> web.Response:
        user = need_user(request)
        response = answer({"name": user, "phone": f"555-{user}"})
        origin = request.headers.get("Origin", "")
        if origin and (origin == _PARTNER or not listed):
            response.headers["Access-Control-Allow-Origin"] = "".join(c for c in origin if c.isprintable())
            response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Vary"] = "Origin"
        return response

    return contact


def _without(title: str, *names: str) -> tuple[Handler, Handler]:
    """Return a page that leaves headers out, and the same page with them."""

    async def bare(request: web.Request) -> web.Response:
        request[BARE] = frozenset(names)
        return await dressed(request)

    async def dressed(_request: web.Request) -> web.Response:
        button = '<button type="button">Buy with one click</button>'
        return page(title, f"<p>Order number {secrets.randbelow(10**6)}.</p>{button}")

    return bare, dressed


_CHECKOUT = _without("Checkout", "content-security-policy", "x-frame-options")
_PLAIN = _without(
    "Plain", "content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy"
)


_DEPOSIT = _without("Deposit", "strict-transport-security")


def _branch(*, believed: bool) -> Handler:
    async def branch(request: web.Request) -> web.Response:
        host = request.headers.get("X-Forwarded-Host") if believed else None
        base = f"//{escape(host)}" if host else world(request).base
        return page("Branch", f'<p>You asked {escape(host or "us")}.</p><a href="{base}/rooms">Rooms</a>')

    return branch


def _forgot(*, believed: bool) -> Handler:
    async def forgot(request: web.Request) -> web.Response:
        host = request.headers.get("X-Forwarded-Host") or request.host
        base = f"http://{escape(host)}" if believed else world(request).base
        email = escape(await form(request, "email"))
        link = f"{base}/reset?token={secrets.token_hex(16)}"
        return page("Password", f"<p>Mail to {email}:</p><pre>Follow {link}</pre>")

    return forgot


def _news(*, keyed: bool) -> Handler:
    """A cache keyed by path and query in front of a page; the twin's page depends on nothing else."""

    async def news(request: web.Request) -> web.Response:
        cache = world(request).state["cache"]
        for key in [key for key, (made, _) in cache.items() if time.monotonic() - made > _FRESH]:
            del cache[key]
        hit = request.path_qs in cache
        if not hit:
            host = request.headers.get("X-Forwarded-Host", "") if not keyed else ""
            source = f"//{escape(host)}/assets/news.js" if host else "/assets/news.js"
            made = page("News", f'<script src="{source}"></script><p>Nothing new.</p>').text or ""
            cache[request.path_qs] = (time.monotonic(), made)
        started, text = cache[request.path_qs]
        headers = {"Cache-Control": f"public, max-age={_FRESH:.0f}", "X-Cache": "hit" if hit else "miss"}
        headers["Age"] = str(int(time.monotonic() - started))
        return web.Response(text=text, content_type="text/html", headers=headers)

    return news


async def _news_script(_request: web.Request) -> web.Response:
    return web.Response(text="console.log('news');", content_type="text/javascript")


def _gallery(version: str) -> Handler:
    async def gallery(_request: web.Request) -> web.Response:
        tag = f'<script src="/assets/jquery-{version}.min.js"></script>'
        return page("Gallery", f"{tag}<p>Pictures of the week.</p>")

    return gallery


def _library(version: str) -> Handler:
    async def library(_request: web.Request) -> web.Response:
        text = f"/*! jQuery v{version} | (c) jquery.org/license */\nwindow.jQuery=function(){{}};"
        return web.Response(text=text, content_type="text/javascript")

    return library


def _mirror(server: str) -> Handler:
    async def mirror(_request: web.Request) -> web.Response:
        response = page("Mirror", "<p>A copy of our catalog.</p>")
        response.headers["Server"] = server
        return response

    return mirror


def _partners(policy: str) -> Handler:
    async def partners(_request: web.Request) -> web.Response:
        response = page("Partners", '<p>Our <a href="https://oak.example.com/">partners</a>.</p>')
        response.headers["Referrer-Policy"] = policy
        return response

    return partners


CASES: tuple[Case, ...] = (
    Case(
        name="cors",
        kind="cors",
        cwe=942,
        owasp="API8:2023",
        title="Every origin may read, with credentials",
        method="GET",
        path="/api/contact",
        parameter=Parameter("Origin", "header"),
        needs="login",
        api=True,
        description="The origin is answered as allowed; the twin has one partner.",
        vulnerable=_contact(listed=False),
        safe=_contact(listed=True),
    ),
    Case(
        name="clickjacking",
        kind="clickjacking",
        cwe=1021,
        owasp="A05:2021",
        title="A page that may be framed",
        method="GET",
        path="/checkout",
        description="Neither frame-ancestors nor X-Frame-Options.",
        vulnerable=_CHECKOUT[0],
        safe=_CHECKOUT[1],
    ),
    Case(
        name="missing-headers",
        kind="missingheaders",
        cwe=693,
        owasp="A05:2021",
        title="No security headers",
        method="GET",
        path="/plain",
        description="No policy, no nosniff, no referrer policy.",
        vulnerable=_PLAIN[0],
        safe=_PLAIN[1],
    ),
    Case(
        name="host-header",
        kind="hostheader",
        cwe=644,
        owasp="A05:2021",
        title="A link made from the Host header",
        method="POST",
        path="/forgot",
        parameter=Parameter("Host", "header"),
        sample={"email": "alice@example.com"},
        description="The mail's link leads where the request says it came to.",
        vulnerable=_forgot(believed=True),
        safe=_forgot(believed=False),
    ),
    Case(
        name="host-link",
        kind="hostheader",
        cwe=644,
        owasp="A05:2021",
        title="Links of a page, made from a header",
        method="GET",
        path="/branch",
        parameter=Parameter("X-Forwarded-Host", "header"),
        description="The page's links lead where the header says it came to.",
        vulnerable=_branch(believed=True),
        safe=_branch(believed=False),
    ),
    Case(
        name="no-hsts",
        kind="missingheaders",
        cwe=319,
        owasp="A05:2021",
        title="A page that may come over plain HTTP",
        method="GET",
        path="/deposit",
        description="No Strict-Transport-Security.",
        vulnerable=_DEPOSIT[0],
        safe=_DEPOSIT[1],
    ),
    Case(
        name="cache-poisoning",
        kind="cachepoisoning",
        cwe=349,
        owasp="A05:2021",
        title="A cached page made from an unkeyed header",
        method="GET",
        path="/news",
        parameter=Parameter("X-Forwarded-Host", "header"),
        description="A script's address follows X-Forwarded-Host, and the page is cached by its path.",
        vulnerable=_news(keyed=False),
        safe=_news(keyed=True),
        more=(Route(method="GET", path="/assets/news.js", vulnerable=_news_script),),
    ),
    Case(
        name="component-script",
        kind="component",
        cwe=1104,
        owasp="A06:2021",
        title="A script with known vulnerabilities",
        method="GET",
        path="/gallery",
        description="jQuery 1.8.3, named by file and banner.",
        vulnerable=_gallery("1.8.3"),
        safe=_gallery("3.7.1"),
        more=(
            Route(
                method="GET",
                path="/assets/jquery-{version}.min.js",
                vulnerable=_library("1.8.3"),
                safe=_library("3.7.1"),
            ),
        ),
    ),
    Case(
        name="component-server",
        kind="component",
        cwe=1104,
        owasp="A06:2021",
        title="A server with known vulnerabilities",
        method="GET",
        path="/mirror",
        description="Apache 2.4.49 in the Server header.",
        vulnerable=_mirror("Apache/2.4.49 (Unix)"),
        safe=_mirror("Apache"),
    ),
    Case(
        name="referrer",
        kind="missingheaders",
        cwe=200,
        owasp="A05:2021",
        title="Whole addresses for other sites",
        method="GET",
        path="/partners",
        description="Referrer-Policy: unsafe-url.",
        vulnerable=_partners("unsafe-url"),
        safe=_partners("unsafe-url, strict-origin-when-cross-origin"),
    ),
)
