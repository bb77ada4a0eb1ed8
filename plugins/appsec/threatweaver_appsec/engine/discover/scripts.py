"""Endpoints that stand in JavaScript and in JSON: by careful patterns, in bounded time."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from threatweaver_appsec.engine.discover.urls import canonical, is_static

MOST_TEXT = 1_500_000
MOST_FOUND = 400
_CALL = re.compile(
    r"""(?:\bfetch|\baxios(?:\.(get|post|put|patch|delete))?|\$\.(get|post|getJSON|ajax)|"""
    r"""\.(get|post|put|patch|delete)(?:<[\w\[\]]{1,40}>)?)\(\s*(["'`])((?:https?:/)?/[^"'`\s<>\\]{1,300})\4""",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"""\.open\(\s*["'](GET|POST|PUT|PATCH|DELETE)["']\s*,\s*["']([^"'\s<>\\]{1,300})["']""", re.IGNORECASE
)
_KEY = re.compile(
    r"""\b(?:url|uri|endpoint|href|action|path|baseURL)["']?\s*[:=]\s*["'`](/[^"'`\s<>\\]{1,300})["'`]""",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"""["'`]((?:https?://[\w.:-]{1,100})?/[\w.~%{}$:@/-]{1,200}(?:\?[^"'`\s<>\\]{0,200})?)["'`]"""
)
_WHOSE = r"""\(\s*["'`]#?([\w-]{1,80})["'`]\s*\)"""
_FORM_DATA = re.compile(
    rf"""\$?{_WHOSE}\.serialize(?:Array)?\(|\bFormData\(\s*document\.\w{{1,20}}{_WHOSE}""", re.IGNORECASE
)
_CALLS = re.compile(r"\$\.(?:ajax|get|post|getJSON)\b|\bfetch\b|\baxios\b", re.IGNORECASE)
_WHERE = re.compile(r"""["'`](/[^"'`\s<>\\]{1,300}|https?://[^"'`\s<>\\]{1,300})["'`]""")
_HOW = re.compile(
    r"""\b(?:method|type)["']?\s*:\s*["'`](get|post|put|patch|delete)["'`]|(?:\$|axios)\.(post|put|patch)\b""",
    re.IGNORECASE,
)
_NEAR = 400  # characters of a call before what it sends, and half of it behind
_HOLE = re.compile(r"\$\{[^{}]{0,80}\}|\{[^{}]{0,40}\}|(?<=/):[A-Za-z_]\w{0,40}")
_ABOUT = re.compile(
    r"^/(?:api|rest|v\d|graphql|rpc|ajax|services?|backend|data|auth|users?|admin)\b", re.IGNORECASE
)
_LINKS = frozenset(
    {"href", "url", "uri", "link", "self", "next", "prev", "previous", "first", "last", "location", "path"}
)
_TYPES = re.compile(r"^/?(?:text|application|image|audio|video|font|multipart)/[\w.+-]+$")


def endpoints(text: str, base: str) -> list[tuple[str, str]]:
    """Return method and absolute URL of what a script seems to ask; what it puts in by itself is 1.

    A path that is no argument of a call and no address by its key counts only when it looks like an API's.
    """
    text = text[:MOST_TEXT]
    found: dict[tuple[str, str], None] = {}
    for method, raw in _raw(text):
        url = canonical(_HOLE.sub("1", raw), base)
        if url and not is_static(url) and not url.endswith((".js", ".mjs", ".html.map")) and "$" not in url:
            found.setdefault((method, url))
        if len(found) >= MOST_FOUND:
            break
    return list(found)


def sent_forms(text: str, base: str) -> Iterator[tuple[str, str, str]]:
    """Yield id, method and absolute URL of the forms whose fields a script sends by itself."""
    text = text[:MOST_TEXT]
    for form in islice(_FORM_DATA.finditer(text), MOST_FOUND):
        before = text[max(form.start() - _NEAR, 0) : form.start()]
        call = max((found.start() for found in _CALLS.finditer(before)), default=None)
        if call is None:
            continue
        whole = before[call:] + text[form.start() : form.end() + _NEAR // 2].partition("}")[0]
        where, how = _WHERE.search(whole), _HOW.search(whole)
        url = canonical(_HOLE.sub("1", where.group(1)), base) if where else None
        if url:
            method = next(filter(None, how.groups())) if how else "GET"
            yield form.group(1) or form.group(2), method.upper(), url


def _raw(text: str) -> Iterator[tuple[str, str]]:
    for match in _CALL.finditer(text):
        method = (match.group(1) or match.group(2) or match.group(3) or "GET").upper()
        yield {"GETJSON": "GET", "AJAX": "GET"}.get(method, method), match.group(5)
    for match in _OPEN.finditer(text):
        yield match.group(1).upper(), match.group(2)
    for match in _KEY.finditer(text):
        yield "GET", match.group(1)
    for match in _PATH.finditer(text):
        path = match.group(1)
        bare = re.sub(r"^https?://[^/]+", "", path)
        if (_ABOUT.match(bare) or "?" in bare or path != bare) and not _TYPES.match(bare):
            yield "GET", path


def json_links(text: str, base: str) -> list[str]:
    """Return the absolute URLs that a JSON document refers to, by its keys or since they are whole URLs."""
    try:
        document = json.loads(text[:MOST_TEXT])
    except (ValueError, RecursionError):
        return []
    found: dict[str, None] = {}
    for key, value in strings(document):
        if value.startswith(("http://", "https://")) or (key.lower() in _LINKS and value.startswith("/")):
            url = canonical(value, base)
            if url and not is_static(url):
                found.setdefault(url)
        if len(found) >= MOST_FOUND:
            break
    return list(found)


def strings(document: Any, most: int = 20_000) -> Iterator[tuple[str, str]]:
    """Yield each text of a document with the key that it stands under, without recursion."""
    waiting: list[tuple[str, Any]] = [("", document)]
    for _ in range(most):
        if not waiting:
            return
        key, value = waiting.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, dict):
            waiting.extend((str(name), item) for name, item in reversed(list(value.items())[:2_000]))
        elif isinstance(value, list):
            waiting.extend((key, item) for item in reversed(value[:2_000]))
