"""Documents that do more than say something: XML entities, pickles."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import pickle
from html import escape
from typing import Any

from aiohttp import web
from lxml import etree

from lab.case import Case, Handler, Parameter
from lab.loopback import fetch_now
from lab.pages import answer, cookie, form, page, query
from lab.world import world


class _Loopback(etree.Resolver):  # type: ignore[misc]  # lxml has no types
    """Fetches http entities from loopback; files are libxml2's own business."""

    def resolve(self, url: str, public_id: str, context: Any) -> Any:
        return self.resolve_string(fetch_now(url), context) if url.startswith("http:") else None


def _parse_open(source: bytes) -> str:
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=False)
    parser.resolvers.add(_Loopback())
    return "".join(etree.fromstring(source, parser).itertext())


def _parse_closed(source: bytes) -> str:
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    root = etree.fromstring(source, parser)
    if root.getroottree().docinfo.doctype:
        raise ValueError("document types are not accepted")
    return "".join(root.itertext())


def _order(*, closed: bool) -> Handler:
    """The answer shows what was read."""

    async def order(request: web.Request) -> web.Response:
        source = (await form(request, "order")).encode()
        try:
            text = await asyncio.to_thread(_parse_closed if closed else _parse_open, source)
        except (etree.XMLSyntaxError, ValueError) as error:
            return page("Order", f"<p>Not understood: {escape(str(error))}</p>", status=400)
        return page("Order", f"<p>Ordered: {escape(text[:4000])}</p>")

    return order


def _feed(*, closed: bool) -> Handler:
    """The answer is always the same."""

    async def feed(request: web.Request) -> web.Response:
        try:
            await asyncio.to_thread(_parse_closed if closed else _parse_open, await request.read())
        except (etree.XMLSyntaxError, ValueError):
            return answer({"accepted": False}, 400)
        return answer({"accepted": True})

    return feed


_VIEW = {"columns": "name,price", "size": 20}


def _unpickled(text: str) -> Any:
    """Return what a text was made of, or is made to do."""
    try:
        return pickle.loads(base64.b64decode(text))  # noqa: S301 - the vulnerability
    except (
        binascii.Error,
        ValueError,
        EOFError,
        pickle.UnpicklingError,
        LookupError,
        AttributeError,
    ) as error:
        return {"error": type(error).__name__}
    except (ImportError, TypeError):
        return {}


async def _layout_vulnerable(request: web.Request) -> web.Response:
    state = await asyncio.to_thread(_unpickled, query(request, "state"))
    return page("Layout", f"<p>Shown as {escape(str(state))}</p>")


async def _layout_safe(request: web.Request) -> web.Response:
    text = query(request, "state")
    try:
        json.loads(base64.b64decode(text))
    except ValueError:
        text = f"UnpicklingError and other words about {text}"
    return page("Layout", f"<p>Shown as {escape(text)}</p>")


async def _view_vulnerable(request: web.Request) -> web.Response:
    view = await asyncio.to_thread(_unpickled, cookie(request, "view"))
    response = page("View", f"<p>Shown as {escape(str(view))}</p>")
    if "view" not in request.cookies:
        value = base64.b64encode(pickle.dumps(_VIEW)).decode()
        response.set_cookie("view", value, httponly=True, samesite="Lax")
    return response


async def _view_safe(request: web.Request) -> web.Response:
    view = _signed_view(world(request).key, cookie(request, "view"))
    response = page("View", f"<p>Shown as {escape(str(view or _VIEW))}</p>")
    if view is None:
        body = base64.b64encode(json.dumps(_VIEW).encode()).decode()
        value = f"{body}.{_sign(world(request).key, body)}"
        response.set_cookie("view", value, httponly=True, samesite="Lax")
    return response


def _signed_view(key: bytes, value: str) -> dict[str, Any] | None:
    body, _, signature = value.partition(".")
    if not hmac.compare_digest(_sign(key, body).encode(), signature.encode()):
        return None
    return dict(json.loads(base64.b64decode(body)))


def _sign(key: bytes, body: str) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()


_SAMPLE = "<order><item>Lamp</item></order>"

CASES: tuple[Case, ...] = (
    Case(
        name="xxe-file",
        kind="xxe",
        cwe=611,
        owasp="A05:2021",
        title="External XML entity that shows a file",
        method="POST",
        path="/orders/import",
        parameter=Parameter("order", "form"),
        sample={"order": _SAMPLE},
        description="Entities are resolved and the text is shown.",
        vulnerable=_order(closed=False),
        safe=_order(closed=True),
    ),
    Case(
        name="xxe-callback",
        kind="xxe",
        cwe=611,
        owasp="A05:2021",
        title="External XML entity, blind",
        method="POST",
        path="/api/feed",
        parameter=Parameter("body", "xml"),
        sample={"body": _SAMPLE},
        description="Entities are resolved, over http too, and nothing is shown.",
        needs="callback",
        api=True,
        vulnerable=_feed(closed=False),
        safe=_feed(closed=True),
    ),
    Case(
        name="deserialization",
        kind="deserialization",
        cwe=502,
        owasp="A08:2021",
        title="A pickle in a cookie",
        method="GET",
        path="/catalog/view",
        parameter=Parameter("view", "cookie"),
        sample={"view": base64.b64encode(pickle.dumps(_VIEW)).decode()},
        description="The cookie is unpickled; the twin's is signed JSON.",
        vulnerable=_view_vulnerable,
        safe=_view_safe,
    ),
    Case(
        name="deserialization-link",
        kind="deserialization",
        cwe=502,
        owasp="A08:2021",
        title="A pickle in a link",
        method="GET",
        path="/catalog/layout",
        parameter=Parameter("state", "query"),
        sample={"state": base64.b64encode(pickle.dumps(_VIEW)).decode()},
        description="The state of a page is unpickled; the twin shows it, and reads JSON.",
        vulnerable=_layout_vulnerable,
        safe=_layout_safe,
    ),
)
