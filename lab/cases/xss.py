"""Cross-site scripting: one value in each context of a page, encoded for it in the safe twin."""

from collections.abc import Callable
from html import escape

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.pages import form, literal, page, query, script
from lab.world import world


def _raw(text: str) -> str:
    return text


def _reflect(name: str, before: str, after: str, encode: Callable[[str], str]) -> Handler:
    async def reflect(request: web.Request) -> web.Response:
        return page(name.title(), f"{before}{encode(query(request, name))}{after}")

    return reflect


def _greet(encode: Callable[[str], str]) -> Handler:
    async def greet(request: web.Request) -> web.Response:
        source = f"var visitor = {encode(query(request, 'visitor'))}; document.title = visitor;"
        return page("Greeting", script(request, source))

    return greet


def _link(text: str) -> str:
    """Let only web addresses and own paths stand in a link."""
    return escape(text) if text.startswith(("http://", "https://", "/")) else "#"


async def _sign(request: web.Request) -> web.Response:
    messages = world(request).state["guestbook"].setdefault("messages", [])
    messages.append((await form(request, "message"))[:2000])
    del messages[:-50]
    return web.Response(status=303, headers={"Location": "/guestbook"})


def _guestbook(encode: Callable[[str], str]) -> Handler:
    async def guestbook(request: web.Request) -> web.Response:
        messages = world(request).state["guestbook"].get("messages", [])
        return page("Guestbook", "".join(f"<p>{encode(message)}</p>" for message in messages))

    return guestbook


def _remember(encode: Callable[[str], str]) -> Handler:
    """Keep a note of the address, and show all notes, where nothing is sent along, too."""

    async def remember(request: web.Request) -> web.Response:
        notes = world(request).state["notes"].setdefault("notes", [])
        if "note" in request.query:
            notes.append(query(request, "note")[:2000])
            del notes[:-50]
        return page("Notes", "".join(f"<p>{encode(note)}</p>" for note in notes))

    return remember


def _dynamic(source: str) -> Handler:
    async def dynamic(request: web.Request) -> web.Response:
        return page("Welcome", f"<div id=out></div>{script(request, source)}")

    return dynamic


_OUT = "document.getElementById('out')"
_HASH = "decodeURIComponent(location.hash.slice(1))"
_SEARCH = "new URLSearchParams(location.search).get('tab') || ''"


CASES: tuple[Case, ...] = (
    Case(
        name="xss-text",
        kind="xss-reflected",
        cwe=79,
        owasp="A03:2021",
        title="Reflected XSS between tags",
        method="GET",
        path="/find",
        parameter=Parameter("term", "query"),
        sample={"term": "sofa"},
        description="A search term is shown again.",
        vulnerable=_reflect("term", "<p>Nothing for ", ".</p>", _raw),
        safe=_reflect("term", "<p>Nothing for ", ".</p>", escape),
    ),
    Case(
        name="xss-attribute",
        kind="xss-reflected",
        cwe=79,
        owasp="A03:2021",
        title="Reflected XSS in an attribute",
        method="GET",
        path="/filter",
        parameter=Parameter("color", "query"),
        sample={"color": "blue"},
        description="Angle brackets are encoded, the quotes that end the attribute are not.",
        vulnerable=_reflect(
            "color", '<input name="color" value="', '">', lambda text: escape(text, quote=False)
        ),
        safe=_reflect("color", '<input name="color" value="', '">', escape),
    ),
    Case(
        name="xss-script",
        kind="xss-reflected",
        cwe=79,
        owasp="A03:2021",
        title="Reflected XSS in a script's string",
        method="GET",
        path="/greeting",
        parameter=Parameter("visitor", "query"),
        sample={"visitor": "Robin"},
        description="Encoded for HTML but for the quote that ends the string.",
        vulnerable=_greet(lambda text: f"'{escape(text, quote=False)}'"),
        safe=_greet(literal),
    ),
    Case(
        name="xss-url",
        kind="xss-reflected",
        cwe=79,
        owasp="A03:2021",
        title="Reflected XSS in a link's address",
        method="GET",
        path="/leaving",
        parameter=Parameter("to", "query"),
        sample={"to": "https://example.com/"},
        description="Encoded as an attribute, but javascript: is an address too.",
        vulnerable=_reflect("to", '<a href="', '">Continue</a>', escape),
        safe=_reflect("to", '<a rel="noopener" href="', '">Continue</a>', _link),
    ),
    Case(
        name="xss-stored",
        kind="xss-stored",
        cwe=79,
        owasp="A03:2021",
        title="Stored XSS",
        method="POST",
        path="/guestbook",
        parameter=Parameter("message", "form"),
        sample={"message": "Nice shop"},
        description="A message is shown to everyone who opens the guestbook.",
        vulnerable=_sign,
        safe=_sign,
        more=(Route(method="GET", path="/guestbook", vulnerable=_guestbook(_raw), safe=_guestbook(escape)),),
    ),
    Case(
        name="xss-stored-get",
        kind="xss-stored",
        cwe=79,
        owasp="A03:2021",
        title="Stored XSS by an address",
        method="GET",
        path="/notes",
        parameter=Parameter("note", "query"),
        sample={"note": "Buy milk"},
        description="A note that stands in the address is kept, and shown to everyone who opens the page.",
        vulnerable=_remember(_raw),
        safe=_remember(escape),
    ),
    Case(
        name="xss-dom-fragment",
        kind="xss-dom",
        cwe=79,
        owasp="A03:2021",
        title="DOM XSS from the fragment",
        method="GET",
        path="/welcome",
        parameter=Parameter("#", "fragment"),
        description="location.hash goes to innerHTML; no server sees it.",
        vulnerable=_dynamic(f"{_OUT}.innerHTML = {_HASH};"),
        safe=_dynamic(f"{_OUT}.textContent = {_HASH};"),
    ),
    Case(
        name="xss-dom-query",
        kind="xss-dom",
        cwe=79,
        owasp="A03:2021",
        title="DOM XSS from the query",
        method="GET",
        path="/tabs",
        parameter=Parameter("tab", "query"),
        sample={"tab": "news"},
        description="location.search goes to innerHTML.",
        vulnerable=_dynamic(f"{_OUT}.innerHTML = 'Tab: ' + ({_SEARCH});"),
        safe=_dynamic(f"{_OUT}.textContent = 'Tab: ' + ({_SEARCH});"),
    ),
)
