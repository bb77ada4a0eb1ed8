"""Postman collections 2.0 and 2.1: folders of requests, with variables."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urljoin

from threatweaver_appsec.engine.discover.leads import Lead
from threatweaver_appsec.engine.discover.plain import line, mapping, objects, text
from threatweaver_appsec.engine.discover.urls import canonical
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import FORM

MOST_REQUESTS = 2_000
UNSENT = frozenset({"authorization", "cookie", "host", "content-length", "connection", "accept-encoding"})
_UNKNOWN_PLACE = re.compile(
    r"(https?://)?\{\{\s*([\w.$-]{1,100})\s*\}\}(?(1)(?::(?:\d+|\{\{[^{}/]{1,100}\}\}))?)"
)
_VARIABLE = re.compile(r"\{\{\s*([\w.$-]{1,100})\s*\}\}")
_KINDS = {"json": "application/json", "xml": "application/xml", "html": "text/html", "text": "text/plain"}


def is_postman(document: Any) -> bool:
    """Return whether it is a collection."""
    said = mapping(document)
    return isinstance(said.get("item"), list) and "postman" in text(
        mapping(said.get("info")).get("schema")
    ) + str("_postman_id" in mapping(said.get("info")) and "postman")


def leads(document: Any, base: str) -> list[Lead]:
    """Return the requests of a collection; what a variable does not name is under `base`."""
    values = {
        text(one.get("key") or one.get("id")): text(one.get("value"))
        for one in objects(mapping(document).get("variable"), 500)
    }
    found = []
    for raw in _requests(document):
        request = _request(raw, base, values)
        if request:
            found.append(Lead(request, "postman", base, 1, request.method not in {"GET", "HEAD", "OPTIONS"}))
        if len(found) >= MOST_REQUESTS:
            break
    return found


def _requests(document: Any) -> Iterator[Any]:
    waiting = [mapping(document)]
    for _ in range(5 * MOST_REQUESTS):
        if not waiting:
            return
        item = waiting.pop()
        if "request" in item:
            yield item["request"]
        waiting.extend(reversed(list(objects(item.get("item")))))


def _request(raw: Any, base: str, values: Mapping[str, str]) -> Request | None:
    said = {"url": raw} if isinstance(raw, str) else mapping(raw)
    url = _url(said.get("url"), base, values)
    if url is None:
        return None
    method = text(said.get("method")).upper() or "GET"
    headers = [
        (name, _set(line(text(one.get("value"))), values))
        for one in objects(said.get("header"), 100)
        if re.fullmatch(r"[\w-]{1,80}", name := text(one.get("key")))
        and name.lower() not in UNSENT
        and not one.get("disabled")
    ]
    kind, body = _body(mapping(said.get("body")), values)
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", kind))
    return Request(method, url, tuple(headers), body) if re.fullmatch(r"[A-Z]{3,10}", method) else None


def _url(raw: Any, base: str, values: Mapping[str, str]) -> str | None:
    said = mapping(raw)
    path = {text(one.get("key")): text(one.get("value")) for one in objects(said.get("variable"), 100)}
    written = raw if isinstance(raw, str) else text(said.get("raw"))
    unknown = _UNKNOWN_PLACE.match(written)
    if unknown and unknown.group(1) and not values.get(unknown.group(2)):
        written = urljoin(base, "/" + written[unknown.end() :].lstrip("/"))  # a host, or a host and a port
    elif unknown and not unknown.group(1) and not values.get(unknown.group(2), "").startswith("http"):
        written = base.rstrip("/") + "/" + written[unknown.end() :].lstrip("/")
    written = _set(written, values)
    written = re.sub(r"(?<=/):(\w{1,80})", lambda match: path.get(match.group(1)) or "1", written)
    return canonical(written, base)


def _body(body: Mapping[str, Any], values: Mapping[str, str]) -> tuple[str, bytes]:
    match body.get("mode"):
        case "raw":
            language = text(mapping(mapping(body.get("options")).get("raw")).get("language"))
            written = _set(text(body.get("raw"), 200_000), values)
            guess = "application/json" if written.lstrip()[:1] in {"{", "["} else "text/plain"
            return _KINDS.get(language, guess), written.encode("utf-8", "replace")
        case "urlencoded" | "formdata":
            fields = objects(body.get(text(body.get("mode"))), 300)
            pairs = [(text(one.get("key")), _set(text(one.get("value")), values)) for one in fields]
            return FORM, urlencode(pairs).encode()
        case "graphql":
            said = mapping(body.get("graphql"))
            try:
                variables = json.loads(text(said.get("variables"), 100_000) or "{}")
            except (ValueError, RecursionError):
                variables = {}
            return "application/json", json.dumps(
                {"query": text(said.get("query"), 100_000), "variables": variables}
            ).encode()
    return "", b""


def _set(written: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match.group(1)) or "1", written)
