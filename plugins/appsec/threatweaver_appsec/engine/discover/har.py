"""HAR 1.2: what somebody's browser or proxy has recorded."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlencode

from threatweaver_appsec.engine.discover.leads import Lead
from threatweaver_appsec.engine.discover.plain import line, mapping, objects, text
from threatweaver_appsec.engine.discover.postman import UNSENT
from threatweaver_appsec.engine.discover.urls import canonical, is_static
from threatweaver_appsec.engine.messages import Request
from threatweaver_appsec.engine.points import FORM

MOST_ENTRIES = 5_000
_BROWSERS = re.compile(r"^(?::|sec-|proxy-|if-|upgrade|dnt$|te$|user-agent$|range$|pragma$|cache-control$)")


def is_har(document: Any) -> bool:
    """Return whether it is a recording."""
    return isinstance(mapping(mapping(document).get("log")).get("entries"), list)


def leads(document: Any) -> list[Lead]:
    """Return what was recorded, without its session: cookies and authorization are the login's."""
    found = []
    for entry in objects(mapping(mapping(document).get("log")).get("entries"), MOST_ENTRIES):
        request = _request(entry)
        if request and not is_static(request.url):
            found.append(Lead(request, "har", "", 1, request.method not in {"GET", "HEAD", "OPTIONS"}))
    return found


def _request(entry: Any) -> Request | None:
    said = mapping(mapping(entry).get("request"))
    url, method = canonical(text(said.get("url"))), text(said.get("method")).upper()
    if url is None or not re.fullmatch(r"[A-Z]{3,10}", method) or method == "CONNECT":
        return None
    headers = tuple(
        (name, line(text(one.get("value"))))
        for one in objects(said.get("headers"), 100)
        if re.fullmatch(r"[\w-]{1,80}", name := text(one.get("name")))
        and name.lower() not in UNSENT
        and not _BROWSERS.match(name.lower())
    )
    posted = mapping(said.get("postData"))
    kind, body = text(posted.get("mimeType"), 200), _body(posted)
    if body and kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, ("Content-Type", line(kind)))
    return Request(method, url, headers, body)


def _body(posted: Any) -> bytes:
    written = text(posted.get("text"), 500_000)
    if written and posted.get("encoding") == "base64":
        try:
            return base64.b64decode(written)
        except (binascii.Error, ValueError):
            return b""
    if not written and text(posted.get("mimeType")).startswith(FORM):
        fields = objects(posted.get("params"), 300)
        written = urlencode([(text(one.get("name")), text(one.get("value"))) for one in fields])
    return written.encode("utf-8", "replace")
