"""How a request may be put: needless methods, other spellings of a guarded place, old versions."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Operation,
    Probe,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.answers import bare, facts, granted, refused, same
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.references import reads

MOST_GUARDED = 6
VERSION = re.compile(r"/v(\d{1,2})(?=/|$)", re.IGNORECASE)
LOOPBACK = ("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "X-Custom-IP-Authorization", "True-Client-IP")
Spelling = Callable[[Request], Request]


def _path(change: Callable[[str], str]) -> Spelling:
    return lambda request: replace(
        request, url=request.url.replace(request.parts.path, change(request.parts.path), 1)
    )


def _through(header: str) -> Spelling:
    """Ask for the start page, and say in a header which place is meant."""
    return lambda request: Request("GET", f"{request.origin}/").with_header(header, request.parts.path)


def _last(path: str, change: Callable[[str], str]) -> str:
    folder, _, name = path.rstrip("/").rpartition("/")
    return f"{folder}/{change(name)}"


SPELLINGS: dict[str, Spelling] = {
    "with a slash at its end": _path(lambda path: f"{path.rstrip('/')}/"),
    "with two slashes": _path(lambda path: f"/{path}"),
    "with /./ in it": _path(lambda path: f"/.{path}"),
    "with %2e in it": _path(lambda path: f"/%2e{path}"),
    "with ;x after it": _path(lambda path: f"{path.rstrip('/')};x"),
    "through ..;/": _path(lambda path: f"/x/..;{path}"),
    "in capitals": _path(lambda path: _last(path, str.upper)),
    "with .json after it": _path(lambda path: f"{path.rstrip('/')}.json"),
    "by an unusual method": lambda request: replace(request, method="PROPFIND"),
    "by X-Original-URL": _through("X-Original-URL"),
    "by X-Rewrite-URL": _through("X-Rewrite-URL"),
    "by X-HTTP-Method-Override": lambda request: request.with_header("X-HTTP-Method-Override", "HEAD"),
    **{f"by {name}": partial(Request.with_header, name=name, value="127.0.0.1") for name in LOOPBACK},
}


async def guarded(site: Site) -> AsyncIterator[tuple[Operation, str, Exchange]]:
    """Yield operations that answer an identity and refuse nobody, with the identity's answer."""
    count = 0
    for name in list(site.identities)[:1]:
        for op in site.operations:
            if not reads(op) or count == MOST_GUARDED:
                continue
            known = await site.send(bare(op.request), identity=name)
            if granted(known) and facts(known) and refused(await site.send(bare(op.request))):
                count += 1
                yield op, name, known


async def _passes(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    async for op, name, _ in guarded(site):
        for spelling in SPELLINGS:
            if await _lets_in(site, op, name, spelling, nonce):
                yield Suspicion(
                    shows=partial(_lets_in, site, op, name, spelling),
                    control=partial(_lets_in, site, op, name, None),
                    operation=op,
                )
                break


async def _lets_in(site: Site, op: Operation, name: str, spelling: str | None, _: Nonce) -> Proof | None:
    """Ask as nobody for the place by another spelling; by its own for the control."""
    request = bare(op.request)
    known = await site.send(request, identity=name)
    other = await site.send(SPELLINGS[spelling](request) if spelling else request)
    home = await site.send(Request("GET", f"{request.origin}/"))
    if not granted(other) or not same(known, other) or same(home, other):
        return None
    return Proof(
        says=f"{request.parts.path} refuses nobody's request, and answers it {spelling} as it answers "
        f"{name}.",
        excerpt=other.text[:320],
        exchanges=(known, other),
    )


async def _left_behind(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    async for op, name, _ in guarded(site):
        for version in _older(op.request.parts.path):
            if await _old_answers(site, op, name, version, nonce):
                yield Suspicion(
                    shows=partial(_old_answers, site, op, name, version),
                    control=partial(_old_answers, site, op, name, 99),
                    operation=op,
                )
                return


def _older(path: str) -> Iterator[int]:
    if found := VERSION.search(path):
        yield from range(int(found[1]) - 1, max(int(found[1]) - 4, -1), -1)


async def _old_answers(site: Site, op: Operation, name: str, version: int, _: Nonce) -> Proof | None:
    """Ask an older version of the API as nobody for what the new one refuses."""
    path = VERSION.sub(f"/v{version}", op.request.parts.path, count=1)
    known = await site.send(bare(op.request), identity=name)
    old = await site.send(bare(_path(lambda _path: path)(op.request)))
    if not granted(old) or not same(known, old, least=0.6):
        return None
    return Proof(
        says=f"{op.request.parts.path} refuses nobody, and {path}, an older version, answers without a "
        "login.",
        excerpt=old.text[:320],
        exchanges=(known, old),
    )


async def _traced(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    if await _echoes(site, nonce):
        yield Suspicion(partial(_echoes, site), partial(_echoes, site, method="OPTIONS"))


async def _echoes(site: Site, nonce: Nonce, *, method: str = "TRACE") -> Proof | None:
    """Send a header by TRACE, and have the request come back as a message."""
    word = nonce.word(12)
    answer = await site.send(Request(method, f"{site.base}/").with_header("X-Trace-Mark", word))
    kind = answer.response.media_type if answer.response else ""
    if (
        answer.status != 200
        or word not in answer.text
        or (kind != "message/http" and "TRACE /" not in answer.text)
    ):
        return None
    return Proof(
        says="TRACE answers with the request, its cookies and other headers included.",
        excerpt=answer.text[:300],
        exchanges=(answer,),
    )


async def _written(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    folders = {f"{op.request.origin}{op.request.parts.path.rpartition('/')[0]}" for op in site.operations}
    for folder in islice(sorted({site.base, *folders}), 8):
        if await _puts(site, folder, nonce):
            yield Suspicion(partial(_puts, site, folder), partial(_puts, site, folder, sends=False))
            return


async def _puts(site: Site, folder: str, nonce: Nonce, *, sends: bool = True) -> Proof | None:
    """Put a small text file of a fresh name, fetch it, and take it away again."""
    request = Request(
        "PUT", f"{folder}/{nonce.word(12)}.txt", (("Content-Type", "text/plain"),), nonce.word(20).encode()
    )
    put = await site.send(request) if sends else None
    if put and put.status not in (200, 201, 204):
        return None
    seen = await site.send(Request("GET", request.url))
    if seen.status != 200 or seen.text.strip() != request.body.decode():
        return None
    await site.send(Request("DELETE", request.url))
    return Proof(
        says=f"PUT stores a file at {request.parts.path} for anybody, and it is served from there.",
        excerpt=seen.text[:100],
        exchanges=tuple(one for one in (put, seen) if one),
        key=request.parts.path.rpartition("/")[0],
        fresh=(request.parts.path.rpartition("/")[2].partition(".")[0],),
    )


def _prober(
    ident: str,
    title: str,
    cwe: int,
    severity: Severity,
    probe: Probe,
    *texts: str,
) -> Prober:
    logs_in = ident in ("access-bypass", "old-api-version")
    return Prober(
        About(
            id=ident,
            title=title,
            cwe=cwe,
            owasp="API9:2023" if ident == "old-api-version" else "A01:2021" if logs_in else "A05:2021",
            severity=severity,
            safety=Safety.INTRUSIVE if ident == "put-file" else Safety.SAFE,
            description=texts[0],
            remedy=texts[1],
            per_origin=ident == "put-file",  # by its folder: the file has another name each time
        ),
        probe,
        needs=frozenset({"login"}) if logs_in else frozenset(),
    )


AGENTS: tuple[Agent, ...] = (
    _prober(
        "access-bypass",
        "Guarded place is open by another spelling",
        288,
        Severity.HIGH,
        _passes,
        "A place that asks for a login answers without one when it is spelled or asked for otherwise.",
        "Decide in the application, after routing, and not by the path's text in front of it.",
    ),
    _prober(
        "old-api-version",
        "Older version of the API asks for no login",
        1059,
        Severity.HIGH,
        _left_behind,
        "A version of the API that was replaced still answers, without what the new one asks for.",
        "Take old versions down, or guard them as the new one is.",
    ),
    _prober(
        "trace-method",
        "TRACE is answered",
        693,
        Severity.INFO,
        _traced,
        "TRACE gives a script what the browser sent, cookies it must not read included.",
        "Turn TRACE off (TraceEnable off).",
    ),
    _prober(
        "put-file",
        "Anybody can put files on the server",
        650,
        Severity.HIGH,
        _written,
        "PUT stores files for anybody, and the server serves them.",
        "Turn PUT and DELETE off where no application needs them.",
    ),
)
