"""What two answers have in common: whether one was granted, which facts it states, and how alike they are."""

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml import html

from threatweaver_appsec.engine.messages import Exchange, Headers, Request

Scalar = str | int | float | bool | None
Keys = tuple[str, ...]
SESSION_HEADERS = re.compile(r"^(authorization|cookie|.*(token|api-?key|session|auth).*)$", re.IGNORECASE)
MOST_FACTS = 5_000  # of one answer: a long list says no more by its end
FAILED = re.compile(
    r"^(fail(ed|ure)?|error|denied|unauthori[sz]ed|forbidden|invalid|ko|false)$", re.IGNORECASE
)
LOGIN_PLACE = re.compile(r"(log|sign)[-_]?in|/(sso|auth|session|account/login)\b", re.IGNORECASE)
PASSWORD_FIELD = re.compile(
    r"<input[^>]+(type\s*=\s*[\"']?password|name\s*=\s*[\"']?(pin|otp|passcode)\b)", re.IGNORECASE
)

NOISE = re.compile(
    r"\b\d{4}-\d\d-\d\d[T ]?[\d:.,Z+-]*"  # dates
    r"|\b\d{1,2}:\d\d(:\d\d)?(\.\d+)?\b"  # times
    r"|\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? [\w ,:]{0,24}\b(19|20)\d\d"
    r"|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b(?=[a-z_-]*\d)[0-9a-z_-]{20,}={0,2}|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{12,}\b"  # tokens
    r"|\b\d{9,}\b"
    r"|\b\d+\.\d{3,}\b",  # seconds that a page took
    re.IGNORECASE,
)
"""What differs between any two answers."""
PRIVATE_KEY = re.compile(
    r"secret|passw|pwd|token|ssn|social.?sec|birth|\bdob\b|phone|mobile|address|street|zip|postal|iban|card|cvv"
    r"|balance|salary|income|medical|diagnos|private|credit|latitude|longitude|passport|device.?id",
    re.IGNORECASE,
)
ACCOUNT_PLACE = re.compile(
    r"/(users?|accounts?|customers?|profiles?|members?|people|patients?)(/|$)", re.IGNORECASE
)
ACCOUNT_KEY = re.compile(r"^(user_?name|user|login|e-?mail|nick_?name)$", re.IGNORECASE)


def bare(request: Request) -> Request:
    """Return the request without what a session would have added."""
    kept = tuple(pair for pair in request.headers if not SESSION_HEADERS.match(pair[0]))
    return Request(request.method, request.url, kept, request.body)


def session_of(exchange: Exchange) -> Headers:
    """Return the headers that a request carried for its session."""
    return tuple(pair for pair in exchange.request.headers if SESSION_HEADERS.match(pair[0]))


def wearing(request: Request, session: Headers) -> Request:
    """Return the request with this session instead of its own."""
    stripped = bare(request)
    return Request(stripped.method, stripped.url, (*stripped.headers, *session), stripped.body)


def document_of(exchange: Exchange) -> Any:
    """Return the answer's JSON, None when it is none."""
    text = exchange.text.lstrip("\ufeff \r\n\t")
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def leaves(
    document: Any, path: tuple[str, ...] = (), depth: int = 0
) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    """Yield each scalar of a document with the keys that lead there; a list's index is no key."""
    if depth > 40:  # nobody nests data deeper
        return
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, (*path, str(key)), depth + 1)
    elif isinstance(document, list):
        for value in document:
            yield from leaves(value, path, depth + 1)
    else:
        yield path, document


def objects(document: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Yield each object of a document, outer ones first."""
    if depth > 40:
        return
    if isinstance(document, dict):
        yield document
        for value in document.values():
            yield from objects(value, depth + 1)
    elif isinstance(document, list):
        for value in document:
            yield from objects(value, depth + 1)


def failed(exchange: Exchange) -> bool:
    """Return whether nothing can have been done: no answer at all, or one that reports an error."""
    return exchange.status == 0 or exchange.status >= 400


def granted(exchange: Exchange) -> bool:
    """Return whether an answer gives what was asked: a 2xx that is no login page and reports no failure."""
    if not 200 <= exchange.status < 300:
        return False
    document = document_of(exchange)
    if isinstance(document, dict):
        return not _reports_failure(document)
    return not PASSWORD_FIELD.search(exchange.text)


def refused(exchange: Exchange) -> bool:
    """Return whether an answer says that somebody may not: 401, 403, or the way to a login."""
    if exchange.status in (401, 403, 407):
        return True
    place = (exchange.response.header("Location") if exchange.response else None) or ""
    if 300 <= exchange.status < 400:
        return bool(LOGIN_PLACE.search(place))
    document = document_of(exchange)
    if isinstance(document, dict):
        return _reports_failure(document)
    return 200 <= exchange.status < 300 and bool(PASSWORD_FIELD.search(exchange.text))


def _reports_failure(document: dict[str, Any]) -> bool:
    lowered = {str(key).lower(): value for key, value in document.items()}
    if any(lowered.get(key) is False for key in ("success", "ok", "succeeded", "authenticated")):
        return True
    if any(lowered.get(key) for key in ("error", "errors", "exception")):
        return True
    status = lowered.get("status")
    return isinstance(status, str) and bool(FAILED.match(status.strip()))


def facts(exchange: Exchange) -> frozenset[str]:
    """Return what an answer states: key=value of its JSON, or the pieces of text on its page."""
    document = document_of(exchange)
    found: Iterator[str]
    if document is not None:
        found = (f"{'.'.join(path)}={value}" for path, value in leaves(document) if value not in (None, ""))
    else:
        found = _pieces(exchange.text)
    return frozenset(fact for fact, _ in zip(found, range(MOST_FACTS), strict=False))


def _pieces(text: str) -> Iterator[str]:
    try:
        tree = html.fromstring(text)
    except (ValueError, AssertionError, html.etree.LxmlError):
        yield from (line.strip() for line in text.splitlines() if line.strip())
        return
    for element in tree.iter():
        if element.tag in ("script", "style") or not isinstance(element.tag, str):
            continue
        for piece in (element.text, element.tail, element.get("value")):
            if piece and len(piece.strip()) > 1:
                yield " ".join(piece.split())


def alike(one: Exchange, other: Exchange) -> float:
    """Return how much of what either states both do, from 0 to 1, whatever differs in any two."""
    first, second = ({NOISE.sub("~", fact) for fact in facts(answer)} for answer in (one, other))
    if not first and not second:
        return 1.0 if one.text == other.text else 0.0
    return len(first & second) / len(first | second)


def same(one: Exchange, other: Exchange, least: float = 0.9) -> bool:
    """Return whether two answers have the same status and say nearly the same."""
    return one.status == other.status and alike(one, other) >= least


def around(text: str, needle: str, width: int = 160) -> str:
    """Return the part of a text that has the needle in its middle, its start where it has none."""
    at = max(text.find(needle), 0)
    return text[max(at - width, 0) : at + len(needle) + width]


def redacted(secret: str) -> str:
    """Return a secret so that its owner knows it again, and nobody can use it."""
    return f"{secret[:4]}…({len(secret)} characters)" if len(secret) > 8 else "…"
