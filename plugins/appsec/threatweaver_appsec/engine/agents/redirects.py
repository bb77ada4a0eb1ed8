"""Open redirects: where a browser really goes that reads the answer, as browsers read URLs."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Attempt,
    Nonce,
    PointAgent,
    Proof,
    Safety,
    Severity,
    Sight,
)
from threatweaver_appsec.engine.agents.attacks import Lead, in_request, numeric, text_of
from threatweaver_appsec.engine.agents.markup import Kind, Token, tokens
from threatweaver_appsec.engine.messages import Exchange, Response
from threatweaver_appsec.engine.points import Point

TOLD = re.compile(
    r"url|uri|redir|return|next|dest|target|goto|continue|forward|back|callback|out|link|to$|go$|view|page|ref"
    r"|success|image_?url|path|site|domain|location|checkout|rurl|retour|from",
    re.IGNORECASE,
)
SCRIPTED = re.compile(
    r"(?:(?:window|document|self|top|parent)\s*\.\s*)?location(?:\s*\.\s*href)?\s*=\s*(['\"])(.*?)\1"
    r"|location\s*\.\s*(?:replace|assign)\(\s*(['\"])(.*?)\3",
    re.DOTALL,
)
REFRESH = re.compile(
    r"^\s*[\d.]*\s*[;,\s]?\s*(?:url\s*=\s*)?['\"]?(.*?)['\"]?\s*$", re.IGNORECASE | re.DOTALL
)


def host_of(location: str, base: str) -> str:
    """Return the host that a browser goes to from a page: WHATWG's rules, not RFC 3986's."""
    text = location.strip("\0\t\n\x0b\f\r ").replace("\t", "").replace("\r", "").replace("\n", "")
    head, mark, rest = text.partition(":")
    if mark and head.lower() in ("http", "https"):
        if not rest.startswith(("/", "\\")) and head.lower() == urlsplit(base).scheme:
            return host_of(rest, base)  # http:path is relative where the scheme is the page's own
        rest = rest.replace("\\", "/")
        text = f"{head}://{rest.lstrip('/')}"
    elif text[:1] in ("/", "\\") and text[1:2] in ("/", "\\"):
        text = "//" + text.replace("\\", "/").lstrip("/")
    else:
        text = text.replace("\\", "/")
    try:
        return (urlsplit(urljoin(base, text)).hostname or "").lower()
    except ValueError:
        return ""


def targets(response: Response) -> Iterator[tuple[str, str]]:
    """Yield where an answer sends a browser by itself, and by what."""
    if 300 <= response.status < 400:
        yield response.header("Location") or "", "the Location header"
    if refresh := response.header("Refresh"):
        yield _refreshed(refresh), "the Refresh header"
    if "html" not in response.media_type and response.media_type:
        return
    for token in tokens(response.text):
        if token.kind is Kind.SCRIPT:
            for found in SCRIPTED.finditer(response.text[token.start : token.end]):
                yield found.group(2) or found.group(4) or "", "a script"
        elif refresh := _refresh_of(token):
            yield _refreshed(refresh), "a meta refresh"


def _refresh_of(token: Token) -> str:
    if token.kind is not Kind.START or token.name != "meta":
        return ""
    values = {attribute.name: attribute.value for attribute in token.attributes}
    return values.get("content", "") if values.get("http-equiv", "").lower() == "refresh" else ""


def _refreshed(content: str) -> str:
    found = REFRESH.match(content)
    return found.group(1) if found else ""


def _goes_to(host: str, sight: Sight) -> Proof | None:
    for exchange in sight.exchanges:
        if exchange.response is None:
            continue
        for location, by in targets(exchange.response):
            if host_of(location, exchange.request.url) == host:
                return Proof(
                    says=f"{by[0].upper()}{by[1:]} sends the browser to {host}, which the value named.",
                    excerpt=location[:300],
                    exchanges=(exchange,),
                )
    return None


def _attempts(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    own, name = baseline.request.parts.netloc, baseline.request.parts.hostname or ""
    scheme = baseline.request.parts.scheme
    lead = Lead()
    named = bool(TOLD.search(point.name)) or _is_address(text_of(point))
    shapes = (
        "https://{0}/",
        "//{0}/",
        "/\\{0}/",
        f"{scheme}://{own}@{{0}}/",
        f"{scheme}://{{0}}/{own}",
        f"//{name}.{{0}}/",
        "\t//{0}/",
        f"{scheme}:///{{0}}/",
    )
    for index, shape in enumerate(shapes):
        word = nonce.word(10)
        host = f"{name}.{word}.example" if shape.startswith(f"//{name}") else f"{word}.example"
        value = shape.format(f"{word}.example")

        def shows(sight: Sight, host: str = host, *, first: bool = index == 0) -> Proof | None:
            if first:
                lead.known = {"redirects"} if named and _redirects(sight) else set()
            return _goes_to(host, sight)

        attempt = Attempt((value,), shows, (f"/{word}",))
        yield attempt if index == 0 else lead.only("redirects", attempt)


def _redirects(sight: Sight) -> bool:
    """Whether the page sends browsers anywhere: now, or with the value that was found there."""
    return any(
        next(targets(exchange.response), None)
        for exchange in (sight.baseline, *sight.exchanges)
        if exchange.response
    )


def _is_address(value: str) -> bool:
    return value.startswith(("http:", "https:", "/")) or "%2f" in value.lower()


def _wants(point: Point, baseline: Exchange) -> bool:
    return in_request(point, baseline) and not numeric(point)


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="open-redirect",
            title="Open redirect",
            cwe=601,
            owasp="A01:2021",
            severity=Severity.MEDIUM,
            safety=Safety.SAFE,
            description="A value decides where the browser goes: a link to this site can lead to any other.",
            remedy="Redirect to paths of a list, or refuse what a browser's parser reads a host in.",
        ),
        wants=_wants,
        attempts=_attempts,
    ),
)
