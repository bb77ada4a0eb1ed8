"""Whom the target trusts by a header: other sites' scripts (CORS), and names of itself."""

import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from itertools import islice
from urllib.parse import urlsplit

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Operation,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.answers import around, bare, granted, same
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.references import reads

MOST_ASKED = 12
MOST_OF_ANY = 60  # with an origin that nobody else has
RESETS = re.compile(r"forgot|reset|recover|lost", re.IGNORECASE)
SHARED = re.compile(r"public|s-maxage|max-age=[1-9]", re.IGNORECASE)
NAMES = ("X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "Forwarded")
Origin = Callable[[Request, Nonce], str]
ORIGINS: tuple[tuple[str, Origin], ...] = (
    ("any origin", lambda request, nonce: f"{request.parts.scheme}://{nonce.word(12)}.example"),
    (
        "any host that begins with the target's name",
        lambda request, nonce: f"{request.parts.scheme}://{request.parts.hostname}.{nonce.word(12)}.example",
    ),
    (
        "any host that ends with the target's name",
        lambda request, nonce: f"{request.parts.scheme}://{nonce.word(12)}{request.parts.hostname}",
    ),
    ("the origin null", lambda _request, _nonce: "null"),
)


def places(site: Site) -> list[Operation]:
    """Return reading operations, those of different folders first, an API's before pages."""
    readers = [op for op in site.operations if reads(op)]
    first: dict[str, Operation] = {}
    for op in readers:
        first.setdefault(op.request.parts.path.rpartition("/")[0], op)
    return [*first.values(), *(op for op in readers if op not in first.values())]


async def _shared(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    for number, op in enumerate(islice(places(site), MOST_OF_ANY)):
        for name, origin in ORIGINS if number < MOST_ASKED else ORIGINS[:1]:
            if await _trusts(site, op, name, origin, nonce):
                yield Suspicion(
                    shows=partial(_trusts, site, op, name, origin),
                    control=partial(_trusts, site, op, name, None),
                    operation=op,
                )
                return  # one policy for the whole origin, and the widest first


async def _trusts(site: Site, op: Operation, name: str, origin: Origin | None, nonce: Nonce) -> Proof | None:
    """Show that an origin may read with the user's session; without an Origin for the control."""
    said = origin(op.request, nonce) if origin else None
    who = next(iter(site.identities), None)
    request = bare(op.request).with_header("Origin", said)
    answer = await site.send(request, identity=who)
    response = answer.response
    allowed = response.header("Access-Control-Allow-Origin") if response else None
    trusted = response.header("Access-Control-Allow-Credentials") if response else None
    if (
        response is None
        or allowed is None
        or allowed != (said or "null")
        or (trusted or "").lower() != "true"
    ):
        return None
    secret = granted(answer) and who is not None and not same(answer, await site.send(request))
    return Proof(
        says=f"{op.request.parts.path} lets {name} read its answers with the user's session.",
        excerpt=f"Origin: {said}\nAccess-Control-Allow-Origin: "
        f"{allowed}\nAccess-Control-Allow-Credentials: true",
        exchanges=(answer,),
        severity=Severity.HIGH if secret else None,
        key=name,
    )


async def _named(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    for op in islice(places(site), MOST_ASKED):
        for header in NAMES:
            if await _takes_name(site, op, header, nonce):
                yield Suspicion(
                    shows=partial(_takes_name, site, op, header),
                    control=partial(_takes_name, site, op, "X-Unknown-Header"),
                    operation=op,
                )
                return


async def _takes_name(site: Site, op: Operation, header: str, nonce: Nonce) -> Proof | None:
    host = f"{nonce.word(12)}.example"
    request = bare(op.request).with_header(header, f"host={host}" if header == "Forwarded" else host)
    answer = await site.send(request)
    where = leads_to(answer, host)
    if where is None or answer.response is None:
        return None
    cached = bool(SHARED.search(answer.response.header("Cache-Control") or ""))
    return Proof(
        says=f"{op.request.parts.path} takes its own name from {header}: {where} leads to the host it says.",
        excerpt=around(answer.text, host)
        if host in answer.text
        else f"Location: {answer.response.header('Location')}",
        exchanges=(answer,),
        severity=Severity.LOW if cached or RESETS.search(op.request.parts.path) else None,
    )


def leads_to(answer: Exchange, host: str) -> str | None:
    """Return what of an answer leads to a host: a redirect, a link, a script; not text that repeats it."""
    place = (answer.response.header("Location") if answer.response else None) or ""
    try:
        if urlsplit(place).hostname == host:
            return "its redirect"
    except ValueError:
        return None
    if re.search(rf"<script[^>]+src\s*=\s*[\"']?(https?:)?//{re.escape(host)}", answer.text, re.IGNORECASE):
        return "a script"
    if re.search(rf"(href|src|action)\s*=\s*[\"']?(https?:)?//{re.escape(host)}", answer.text, re.IGNORECASE):
        return "a link"
    return None


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="cors",
            title="Other sites may read with the user's session",
            cwe=942,
            owasp="API8:2023",
            severity=Severity.MEDIUM,
            safety=Safety.SAFE,
            description="The target allows an origin that anybody can have to read its answers, credentials "
            "included: a page that a user visits reads what the user may.",
            remedy="Compare the Origin with a fixed list, whole and exactly; never allow null.",
            per_origin=True,
        ),
        _shared,
    ),
    Prober(
        About(
            id="host-header",
            title="Client chooses the name that links lead to",
            cwe=644,
            owasp="A05:2021",
            severity=Severity.INFO,
            safety=Safety.SAFE,
            description="Links and redirects are made from a header that any client can send: in mails that "
            "reset passwords, or in a shared cache, they lead others elsewhere.",
            remedy="Make absolute URLs from a configured name, and take forwarding headers from the "
            "proxy only.",
            per_origin=True,
        ),
        _named,
    ),
)
