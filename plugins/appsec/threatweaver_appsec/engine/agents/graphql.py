"""GraphQL: what its endpoint tells of itself, and how much one request may ask."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.answers import bare, document_of
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.points import FORM

PLACES = ("/graphql", "/api/graphql", "/v1/graphql", "/query", "/gql")
JSON = (("Content-Type", "application/json"), ("Accept", "application/json"))
MANY = 20
INTROSPECTION = "query{__schema{queryType{name} types{name fields{name args{name}}}}}"
SUGGESTS = re.compile(r"Did you mean [\\\\\"'`]+(\w+)")


async def endpoints(site: Site) -> list[str]:
    """Return the URLs that answer a query, those that discovery knows before those that are usual."""
    known = [
        op.request.url.partition("?")[0]
        for op in site.operations
        if op.source == "graphql" or "graphql" in op.request.parts.path.lower()
    ]
    for url in dict.fromkeys([*known, *(site.base + place for place in PLACES)]):
        if (_data(await _ask(site, url, "query{__typename}")) or {}).get("__typename"):
            return [url]
    return []


async def _ask(site: Site, url: str, query: str, **more: Any) -> Exchange:
    body = json.dumps({"query": query, **more}).encode()
    return await site.send(Request("POST", url, JSON, body), identity=next(iter(site.identities), None))


def _data(answer: Exchange) -> dict[str, Any] | None:
    document = document_of(answer)
    data = document.get("data") if isinstance(document, dict) else None
    return data if isinstance(data, dict) else None


async def _introspected(site: Site, url: str, _: Nonce, *, control: bool = False) -> Proof | None:
    answer = await _ask(site, url, "query{__nothing{name}}" if control else INTROSPECTION)
    schema = (_data(answer) or {}).get("__schema")
    if not isinstance(schema, dict) or not isinstance(schema.get("types"), list):
        return None
    own = [kind["name"] for kind in schema["types"] if not str(kind.get("name", "__")).startswith("__")]
    return Proof(
        says=f"{url} answers introspection: {len(own)} types, each with its fields and arguments.",
        excerpt=", ".join(own)[:300],
        exchanges=(answer,),
    )


async def _batched(site: Site, url: str, nonce: Nonce, *, control: bool = False) -> Proof | None:
    """Send many queries in one request, each with an alias of its own, and count the answers."""
    names = [nonce.word(10) for _ in range(1 if control else MANY)]
    body = json.dumps([{"query": f"query{{{name}:__typename}}"} for name in names]).encode()
    answer = await site.send(Request("POST", url, JSON, body), identity=next(iter(site.identities), None))
    document = document_of(answer)
    if (
        not isinstance(document, list)
        or len(document) < MANY
        or not all(name in answer.text for name in names)
    ):
        return None
    return Proof(
        says=f"{url} answers {MANY} queries in one request: limits that count requests do not count them.",
        excerpt=answer.text[:300],
        exchanges=(answer,),
    )


async def _deep(site: Site, url: str, _: Nonce, *, control: bool = False) -> Proof | None:
    """Ask 15 levels deep, by introspection, which costs the target little at this width."""
    levels = 15
    inner = "name"
    for _level in range(levels):
        inner = f"ofType{{{inner}}}"
    query = f'query{{__type(name:"Query"){{fields{{type{{{inner}}}}}}}}}'
    answer = await _ask(site, url, "query{__nothing}" if control else query)
    found = (_data(answer) or {}).get("__type")
    errors = (document_of(answer) or {}).get("errors") if isinstance(document_of(answer), dict) else None
    if errors or not isinstance(found, dict):
        return None
    return Proof(
        says=f"{url} answers a query that is {levels + 3} levels deep.",
        excerpt=answer.text[:300],
        exchanges=(answer,),
    )


async def _suggested(site: Site, url: str, nonce: Nonce, *, control: bool = False) -> Proof | None:
    """Ask for a field that nearly exists; where introspection is off, too, the names can be guessed by it."""
    if await _introspected(site, url, nonce):
        return None  # who is told everything needs no guess
    answer = await _ask(site, url, f"query{{{nonce.word(14)}}}" if control else "query{__typenam}")
    found = SUGGESTS.search(answer.text)
    if not found:
        return None
    return Proof(
        says=f"{url} suggests names of fields ({found[1]}), though introspection is off.",
        excerpt=answer.text[:300],
        exchanges=(answer,),
    )


async def _by_form(site: Site, url: str, _: Nonce, *, control: bool = False) -> Proof | None:
    """Send a query as a form of another site would: without the media type that browsers ask about first."""
    name = next(iter(site.identities), None)
    body = b"nothing=1" if control else b"query=query%7B__typename%7D"
    request = Request("POST", url, (("Content-Type", FORM), ("Origin", "https://elsewhere.example")), body)
    answer = await site.send(bare(request), identity=name)
    cookie = any(key.lower() == "cookie" for key, _value in answer.request.headers)
    if not cookie or not (_data(answer) or {}).get("__typename"):
        return None
    return Proof(
        says=f"{url} takes a query from a form of another site, with the user's cookie.",
        excerpt=answer.text[:300],
        exchanges=(answer,),
    )


Show = Callable[..., Awaitable[Proof | None]]


def _prober(ident: str, title: str, cwe: int, severity: Severity, show: Show, *texts: str) -> Prober:
    async def probe(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
        for url in await endpoints(site):
            if await show(site, url, nonce):
                yield Suspicion(partial(show, site, url), partial(show, site, url, control=True))

    about = About(
        id=ident,
        title=title,
        cwe=cwe,
        owasp="API4:2023" if cwe == 770 else "API8:2023",
        severity=severity,
        safety=Safety.SAFE,
        description=texts[0],
        remedy=texts[1],
    )
    return Prober(about, probe)


AGENTS: tuple[Agent, ...] = (
    _prober(
        "graphql-introspection",
        "GraphQL tells its whole schema",
        200,
        Severity.INFO,
        _introspected,
        "Anybody may ask for all types, fields and arguments.",
        "Turn introspection off where the API is not meant to be public.",
    ),
    _prober(
        "graphql-batching",
        "GraphQL takes many queries at once",
        770,
        Severity.LOW,
        _batched,
        "One request may hold any number of queries, so that limits by request, of logins for instance, "
        "fail.",
        "Limit how many queries a request may hold, and count each.",
    ),
    _prober(
        "graphql-depth",
        "GraphQL takes queries of any depth",
        770,
        Severity.LOW,
        _deep,
        "A query may nest as deep as it likes, and cost more with each level.",
        "Limit the depth and the cost of queries.",
    ),
    _prober(
        "graphql-suggestions",
        "GraphQL suggests names of its schema",
        200,
        Severity.INFO,
        _suggested,
        "Errors suggest fields that exist, so that the schema can be guessed though introspection is off.",
        "Turn suggestions off together with introspection.",
    ),
    _prober(
        "graphql-csrf",
        "GraphQL takes queries of other sites' forms",
        352,
        Severity.LOW,
        _by_form,
        "A query is taken as a form's body, which any site may send with the user's cookie.",
        "Take application/json only, and ask for a header that forms cannot send.",
    ),
)
