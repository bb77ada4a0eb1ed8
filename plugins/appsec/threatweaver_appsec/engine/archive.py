"""Exchanges as HAR 1.2, redacted."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from threatweaver_appsec.engine.messages import Exchange, Headers
from threatweaver_appsec.engine.redact import header_value, redact
from threatweaver_appsec.engine.replay import MOST_EXCHANGES

LONGEST_BODY = 4_096  # characters of a body that HAR keeps
LONGEST_HEADERS = 8_192  # characters of all headers of a request or an answer
BEYOND = 8_192  # characters behind a cut that secrets are looked for in: none must be cut in two


def har(exchanges: Sequence[Exchange], at: float, secrets: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the exchanges as HAR 1.2, redacted; `at` is when the first was sent, in seconds of the epoch."""
    entries = [_entry(exchange, at, secrets) for exchange in exchanges[-MOST_EXCHANGES:]]
    creator = {"name": "ThreatWeaver", "version": "1"}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


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
