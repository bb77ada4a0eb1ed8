"""Exchanges as others read them: a line of curl that runs, and HAR 1.2.

The line has placeholders where somebody signs in: `TW_COOKIE='sid=...' TW_TOKEN='...'`, exported before it
is run, are the Cookie header and the token of the identity that the finding names.
"""

import base64
import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import Point, Where
from threatweaver_appsec.engine.redact import GONE, HEADERS, header_value, redact

COOKIE, TOKEN = "$TW_COOKIE", "$TW_TOKEN"
LONGEST_BODY = 4_096  # characters of a body that HAR keeps
LONGEST_HEADERS = 8_192  # characters of all headers of a request or an answer
LONGEST_SENT = 65_536  # bytes of a body that the line sends; one that is longer is not written down
BEYOND = 8_192  # characters behind a cut that secrets are looked for in: none must be cut in two
MOST_EXCHANGES = 6
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def curl(
    exchanges: Sequence[Exchange], point: Point | None = None, secrets: frozenset[str] = frozenset()
) -> str:
    """Return one line that sends the requests again in turn, the attacked value as it was."""
    shown = exchanges[-MOST_EXCHANGES:]
    return "; ".join(_curl(exchange.request, point, secrets) for exchange in shown)


def har(exchanges: Sequence[Exchange], at: float, secrets: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the exchanges as HAR 1.2, redacted; `at` is when the first was sent, in seconds of the epoch."""
    entries = [_entry(exchange, at, secrets) for exchange in exchanges[-MOST_EXCHANGES:]]
    creator = {"name": "ThreatWeaver", "version": "1"}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _curl(request: Request, point: Point | None, secrets: frozenset[str]) -> str:
    words = ["curl", "-sS", "-i", "-k", "--path-as-is", "-g", "--max-time", "60"]
    words += ["-I"] if request.method == "HEAD" else ["-X", _shell(request.method)]
    words.append(_quote(request.url, secrets))
    for name, value in request.headers:
        if _TOKEN.fullmatch(name):  # another one is none; curl reads a file where it begins with @
            words += ["-H", _header(name, value, point, secrets)]
    start = ""
    if request.body:
        if not request.media_type:
            words += ["-H", "'Content-Type:'"]
        start, more = _body(request.body[:LONGEST_SENT], secrets)
        words += more
    return start + " ".join(words)


def _body(body: bytes, secrets: frozenset[str]) -> tuple[str, list[str]]:
    """Return what stands before curl, and its words: bytes that are no text for a terminal come in base64."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if _is_plain(text):
        return "", ["--data-raw", _quote(text, secrets)]
    for secret in secrets:
        body = body.replace(secret.encode(), GONE.encode())
    return f"echo {base64.b64encode(body).decode()} | base64 -d | ", ["--data-binary", "@-"]


def _header(name: str, value: str, point: Point | None, secrets: frozenset[str]) -> str:
    lower = name.lower()
    attacked = point is not None and point.where is Where.HEADER and point.name.lower() == lower
    if attacked or (lower not in HEADERS and value not in secrets):
        return _quote(f"{name}: {value}" if value else f"{name};", secrets)
    if lower == "cookie":
        return _cookie(value, point)
    scheme, space, _ = value.partition(" ")
    return _shell(f"{name}: {scheme} " if space else f"{name}: ") + f'"{TOKEN}"'


def _cookie(value: str, point: Point | None) -> str:
    """The cookie that is attacked as it was sent; the others are the identity's."""
    pairs = [pair.strip() for pair in value.split(";") if pair.strip()]
    here = point.name if point and point.where is Where.COOKIE else None
    kept = [pair for pair in pairs if pair.partition("=")[0] == here]
    rest = f'"{COOKIE}"' if len(kept) < len(pairs) else ""
    text = "Cookie: " + "; ".join(kept)
    return _shell(f"{text}; " if kept and rest else text) + rest


def _quote(text: str, secrets: frozenset[str]) -> str:
    """The text for a shell; a secret in it becomes the token's placeholder."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret in text:
            parts = (_quote(part, secrets) if part else "" for part in text.split(secret))
            return f'"{TOKEN}"'.join(parts)
    return _shell(text)


def _shell(text: str) -> str:
    """One word for a shell, without anything that a terminal obeys."""
    if _is_plain(text):
        return shlex.quote(text)
    return f'"$(echo {base64.b64encode(text.encode("utf-8", "replace")).decode()} | base64 -d)"'


def _is_plain(text: str) -> bool:
    """Whether a terminal obeys nothing of a text: who pastes the line runs curl, and nothing else."""
    return all(char.isprintable() or char == "\n" for char in text)


def _entry(exchange: Exchange, at: float, secrets: frozenset[str]) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    url = redact(request.url, secrets)
    milliseconds = round(response.seconds * 1000, 1) if response else 0
    sent: dict[str, Any] = {
        "method": request.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request.headers, secrets),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        text = _cut(request.body[: 4 * (LONGEST_BODY + BEYOND)].decode("utf-8", "replace"), secrets)
        sent["postData"] = {"mimeType": request.media_type[:200] or "application/octet-stream", "text": text}
    return {
        "startedDateTime": datetime.fromtimestamp(at, UTC).isoformat(),
        "time": milliseconds,
        "request": sent,
        "response": {
            "status": exchange.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(response.headers, secrets) if response else [],
            "content": {
                "size": response.length if response else 0,
                "mimeType": ((response.header("Content-Type") if response else None) or "")[:200],
                "text": _cut(exchange.text, secrets),
            },
            "redirectURL": _cut((response.header("Location") if response else None) or "", secrets),
            "headersSize": -1,
            "bodySize": response.length if response else -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }


def _cut(text: str, secrets: frozenset[str]) -> str:
    return redact(text[: LONGEST_BODY + BEYOND], secrets)[:LONGEST_BODY]


def _headers(headers: Headers, secrets: frozenset[str]) -> list[dict[str, str]]:
    kept, room = [], LONGEST_HEADERS
    for name, value in headers[:60]:
        text = redact(header_value(name, value[:BEYOND]), secrets)[:1_000]
        room -= len(name) + len(text)
        if room < 0:
            break
        kept.append({"name": name, "value": text})
    return kept
