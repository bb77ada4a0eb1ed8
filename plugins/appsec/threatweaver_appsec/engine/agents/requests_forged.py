"""Requests that the server makes for whoever asks: an address is fetched, or what is there is run."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address
from urllib.parse import urlsplit, urlunsplit

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
from threatweaver_appsec.engine.agents.attacks import calls, excerpt, in_request, numeric, text_of
from threatweaver_appsec.engine.agents.redirects import TOLD
from threatweaver_appsec.engine.agents.traversal import FILE, FILES
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point, Where

ADDRESS = re.compile(
    r"url|uri|host|feed|hook|proxy|fetch|remote|server|endpoint|api|avatar|import", re.IGNORECASE
)
# how languages say that the listener's answer, the word ok, is no code of theirs
RUN = re.compile(
    r"NameError: (name 'ok' is not defined|undefined local variable or method [`']ok')"
    r"|ReferenceError: ok is not defined|undefined constant \"?ok",
    re.IGNORECASE,
)
INCLUDED = r"(include|require)(_once)?\(\)?:?.{{0,80}}{0}.{{0,200}}(failed to open stream|for inclusion)"


def _named(point: Point, baseline: Exchange) -> bool:
    if not in_request(point, baseline) or numeric(point) or point.where is Where.PATH:
        return False
    name, value = point.name, text_of(point)
    return any(one.search(name) for one in (ADDRESS, TOLD, FILES)) or bool(FILE.search(value))


def _fetching(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    for shape in ("{0}", "//{1}", "{2}@{1}", "{3}"):
        url = nonce.callback()
        if url is None:
            return
        bare = url.partition("://")[2]
        value = shape.format(url, bare, text_of(point, "http://a.example").rstrip("/"), _with_number(url))
        yield calls(
            value, url, nonce.word(), "The server fetched the URL that the value named.", patience=1.0
        )


def _with_number(url: str) -> str:
    """The URL with its IPv4 address as one number: texts that refuse addresses do not know it."""
    parts = urlsplit(url)
    try:
        number = int(IPv4Address(parts.hostname or ""))
    except ValueError:
        return url
    return urlunsplit(parts._replace(netloc=f"{number}:{parts.port}" if parts.port else str(number)))


def _running(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del point, baseline
    word = nonce.word(9)
    included = re.compile(INCLUDED.format(word), re.IGNORECASE | re.DOTALL)

    def shows_error(sight: Sight) -> Proof | None:
        for one in sight.exchanges:
            if found := included.search(one.text):
                says = "PHP tried to include the file that the value named."
                return Proof(says, excerpt(one.text, *found.span()), (one,))
        return None

    # what is named is still named in the control, but nothing of a file's name is in it
    yield Attempt((f"{word}.inc",), shows_error, (word[::-1],))
    url = nonce.callback()
    if url is None:
        return

    def shows_run(sight: Sight) -> Proof | None:
        for one in sight.exchanges:
            found = RUN.search(one.text)
            if url in sight.called and found:
                says = "The server fetched the URL that the value named, and ran what was there as code."
                return Proof(says, excerpt(one.text, *found.span()), (one,))
        return None

    yield Attempt((url,), shows_run, (word,), patience=1.0)


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="ssrf",
            title="Server-side request forgery",
            cwe=918,
            owasp="A10:2021",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="The server fetches an address that a value names, in its own network as well.",
            remedy="Fetch only from a list of hosts, after the name was resolved; refuse private addresses.",
        ),
        wants=_named,
        attempts=_fetching,
    ),
    PointAgent(
        About(
            id="file-inclusion",
            title="File inclusion",
            cwe=98,
            owasp="A03:2021",
            severity=Severity.CRITICAL,
            safety=Safety.SAFE,
            description="A value names a file, here or elsewhere, that the server runs as code.",
            remedy="Choose what is included by an identifier out of a list; never by a name that was sent.",
        ),
        wants=_named,
        attempts=_running,
    ),
)
