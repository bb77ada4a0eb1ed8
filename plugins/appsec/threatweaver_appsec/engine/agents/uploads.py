"""Uploads: whether a file that a browser or the server runs can be stored and fetched again."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from urllib.parse import urljoin

from threatweaver_appsec.engine.accounts import fresh, session_as
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
from threatweaver_appsec.engine.answers import document_of, failed, leaves, wearing
from threatweaver_appsec.engine.messages import Exchange, Headers, Request, header

FILE_PART = re.compile(rb'(Content-Disposition:[^\r\n]*?filename=")([^"]*)("[^\r\n]*)', re.IGNORECASE)
PART_TYPE = re.compile(rb"Content-Type:[^\r\n]*", re.IGNORECASE)
FOLDERS = (
    "uploads",
    "upload",
    "files",
    "media",
    "images",
    "static/uploads",
    "public/uploads",
    "assets/uploads",
)
ACTIVE = ("text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml")


@dataclass(frozen=True)
class Kind:
    """A file to upload: {mark}, {a} and {b} in its content are fresh; `said` is what it calls itself."""

    extension: str
    said: str
    content: str
    runs: bool
    """Whether the server runs it: then it answers a product that stands nowhere in it."""


KINDS = (
    Kind("php", "image/png", "<?php echo {a}*{b}; /* {mark} */ ?>", runs=True),
    Kind("phtml", "image/png", "<?php echo {a}*{b}; /* {mark} */ ?>", runs=True),
    Kind("png.php", "image/png", "<?php echo {a}*{b}; /* {mark} */ ?>", runs=True),
    Kind("php.png", "image/png", "<?php echo {a}*{b}; /* {mark} */ ?>", runs=True),
    Kind("jsp", "image/png", "<%= {a}L*{b}L %><%-- {mark} --%>", runs=True),
    Kind("html", "text/html", "<!doctype html><title>{mark}</title><p>{a} {b}</p>", runs=False),
    Kind("html", "image/png", "<!doctype html><title>{mark}</title><p>{a} {b}</p>", runs=False),
    Kind(
        "svg",
        "image/svg+xml",
        '<svg xmlns="http://www.w3.org/2000/svg"><title>{mark}</title><text>{a} {b}</text></svg>',
        runs=False,
    ),
)
PLAIN = Kind("txt", "text/plain", "{mark} {a} {b}", runs=False)


def with_file(request: Request, name: str, said: str, content: bytes) -> Request | None:
    """Return a multipart request with this file instead of its own, None where it has none."""
    found = FILE_PART.search(request.body)
    boundary = (header(request.headers, "Content-Type") or "").partition("boundary=")[2].strip('"; ')
    if request.media_type != "multipart/form-data" or not found or not boundary:
        return None
    head_end = request.body.find(b"\r\n\r\n", found.end())
    end = request.body.find(b"\r\n--" + boundary.encode(), head_end)
    if head_end < 0 or end < 0:
        return None
    head = request.body[found.end() : head_end]
    head = PART_TYPE.sub(b"", head).rstrip(b"\r\n") + b"\r\nContent-Type: " + said.encode()
    start = request.body[: found.start()] + found[1] + name.encode() + found[3]
    return replace(request, body=start + head + b"\r\n\r\n" + content + request.body[end:])


async def _uploads(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    for op in site.operations:
        if op.request.media_type != "multipart/form-data" or b"filename=" not in op.request.body:
            continue
        ran = False
        for kind in KINDS:
            if not (ran and not kind.runs) and await _serves(site, op, kind, nonce):
                ran = True
                yield Suspicion(partial(_serves, site, op, kind), partial(_serves, site, op, PLAIN), op)
                break


async def _serves(site: Site, op: Operation, kind: Kind, nonce: Nonce) -> Proof | None:
    """Upload a file and fetch it: the server has to run it, or browsers have to see a page."""
    mark, a, b = nonce.word(12), nonce.number(10_000, 99_999), nonce.number(10_000, 99_999)
    name = f"{mark}.{kind.extension}"
    content = kind.content.replace("{mark}", mark).replace("{a}", str(a)).replace("{b}", str(b))
    session = await session_as(site, next(iter(site.identities))) if site.identities else ()
    request = with_file(await fresh(site, op, session), name, kind.said, content.encode())
    answer = await site.send(request) if request else None
    if answer is None or failed(answer):
        return None
    async for seen in _fetched(site, op, answer, name, session):
        ran = str(a * b) in seen.text and "echo" not in seen.text
        if (kind.runs and ran) or (not kind.runs and mark in seen.text and _active(seen)):
            what = "is run by the server" if kind.runs else f"is served as {_type(seen)}"
            return Proof(
                says=f"{name}, uploaded as {kind.said} to {op.request.parts.path}, {what} at "
                f"{seen.request.parts.path}.",
                excerpt=seen.text[:200],
                exchanges=(answer, seen),
                severity=Severity.CRITICAL if kind.runs else None,
                title="Uploaded files are run" if kind.runs else None,
                key="runs" if kind.runs else "",
            )
    return None


def _type(seen: Exchange) -> str:
    return seen.response.media_type if seen.response else ""


def _active(seen: Exchange) -> bool:
    """Return whether a browser runs what is in the file under the target's name."""
    if seen.response is None or seen.response.status != 200:
        return False
    attached = (seen.response.header("Content-Disposition") or "").lower().startswith("attachment")
    sandboxed = "sandbox" in (seen.response.header("Content-Security-Policy") or "")
    return _type(seen) in ACTIVE and not attached and not sandboxed


async def _fetched(
    site: Site, op: Operation, answer: Exchange, name: str, session: Headers
) -> AsyncIterator[Exchange]:
    """Fetch the file from where the answer and the pages say it is, then from usual folders."""
    place = (answer.response.header("Location") if answer.response else None) or ""
    near = (urljoin(op.request.url, place) if place else "", op.page)
    pages = [answer]
    pages += [await site.send(wearing(Request("GET", url), session)) for url in dict.fromkeys(near) if url]
    said = list(dict.fromkeys(chain.from_iterable(_links(page, name) for page in pages)))
    for url in said or [f"{site.base}/{folder}/{name}" for folder in FOLDERS]:
        if url.startswith(op.request.origin + "/"):
            yield await site.send(wearing(Request("GET", url), session))


def _links(page: Exchange, name: str) -> Iterator[str]:
    """Yield the URLs in an answer that end with the file's name, or that it gives for a new object."""
    for match in re.findall(rf"[\w./:%?=&~-]*{re.escape(name)}", page.text):
        if "/" in match or "=" in match:
            yield urljoin(page.request.url, match)
    for path, value in leaves(document_of(page)):
        if (
            path
            and re.search(r"url|path|href|location|link|file", path[-1], re.IGNORECASE)
            and isinstance(value, str)
        ):
            yield urljoin(page.request.url, value)


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="file-upload",
            title="Uploaded files are shown as pages",
            cwe=434,
            owasp="A04:2021",
            severity=Severity.MEDIUM,
            safety=Safety.INTRUSIVE,
            description="A file of a kind that browsers or the server run is stored, and served under the "
            "target's own name.",
            remedy="Allow kinds by content, choose the name, and serve from another host, as attachments.",
        ),
        _uploads,
    ),
)
