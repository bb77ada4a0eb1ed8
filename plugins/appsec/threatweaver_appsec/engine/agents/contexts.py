"""Where in a page a value stands, and whether script in it would run there."""

import re
from dataclasses import dataclass
from enum import StrEnum

from threatweaver_appsec.engine.agents.markup import Attribute, Kind, Token, tokens
from threatweaver_appsec.engine.messages import Response


class Context(StrEnum):
    """The ways in which a browser can read a value."""

    TEXT = "text"
    RAW = "raw text"
    COMMENT = "comment"
    TAG = "tag"
    DOUBLE = "double-quoted attribute"
    SINGLE = "single-quoted attribute"
    BARE = "unquoted attribute"
    URL = "address"
    HANDLER = "event handler"
    SCRIPT = "script"
    """In a string or a comment of one."""
    CODE = "code of a script"
    OTHER = "no markup"


ADDRESSES = frozenset({"href", "src", "action", "formaction", "data", "xlink:href", "srcdoc"})
QUOTES = {'"': Context.DOUBLE, "'": Context.SINGLE, "": Context.BARE}
RENDERED = ("text/html", "application/xhtml+xml")
LOOKS_LIKE_HTML = re.compile(
    r"^\s*(<!doctype html|<html|<head|<body|<script|<table|<div|<p\b|<!--)", re.IGNORECASE
)


def renders(response: Response) -> bool:
    """Whether a browser shows an answer as a page: its type, or what it makes of one without."""
    if 300 <= response.status < 400 or "attachment" in (response.header("Content-Disposition") or "").lower():
        return False
    if response.media_type:
        return response.media_type in RENDERED
    sniffs = "nosniff" not in (response.header("X-Content-Type-Options") or "").lower()
    return sniffs and bool(LOOKS_LIKE_HTML.match(response.text))


def contexts_of(source: str, marker: str) -> set[Context]:
    """Return every way in which a marker's occurrences are read. The marker is lower-case letters."""
    found: set[Context] = set()
    folded, at = source.lower(), 0
    places = []
    while (at := folded.find(marker, at)) >= 0:
        places.append(at)
        at += len(marker)
    if not places:
        return found
    for token in tokens(source):
        for place in places:
            if token.start <= place < token.end:
                found |= _within(token, place)
        if token.kind is Kind.SCRIPT and Context.SCRIPT in found:
            code = SILENT.sub(" ", folded[token.start : token.end])
            found |= {Context.CODE} if marker in code else set()
    return found


def _within(token: Token, place: int) -> set[Context]:
    if token.kind is Kind.START:
        for attribute in token.attributes:
            if attribute.start <= place <= attribute.end:
                return _of_attribute(attribute, place)
        return {Context.TAG}
    kinds = {
        Kind.TEXT: Context.TEXT,
        Kind.RAW: Context.RAW,
        Kind.SCRIPT: Context.SCRIPT,
        Kind.COMMENT: Context.COMMENT,
    }
    return {kinds.get(token.kind, Context.TAG)}


def _of_attribute(attribute: Attribute, place: int) -> set[Context]:
    found = {QUOTES[attribute.quote]}
    if attribute.name in ADDRESSES and place == attribute.start:
        found.add(Context.URL)
    if attribute.name.startswith("on"):
        found.add(Context.HANDLER)
    return found


@dataclass(frozen=True)
class Running:
    """Script of ours that a page would run: by what, and where in its source."""

    by: str
    start: int
    end: int


def running(source: str, name: str) -> Running | None:
    """Return where a page calls the function of this name: a script, a handler, or an address."""
    call = f"{name}("
    if call not in source and f"{name}`" not in source:
        return None
    for token in tokens(source):
        if token.kind is Kind.SCRIPT and call in source[token.start : token.end]:
            if calls_in(source[token.start : token.end], call):
                return Running("a script", token.start, token.end)
        elif token.kind is Kind.START:
            for one in token.attributes:
                if call in one.value and _runs(one, call):
                    return Running(f"{one.name} of <{token.name}>", token.start, token.end)
    return None


def _runs(attribute: Attribute, call: str) -> bool:
    value = attribute.value
    if attribute.name.startswith("on") and len(attribute.name) > 4:
        return calls_in(value, call)
    if attribute.name in ADDRESSES:
        bare = re.sub(r"[\t\r\n]", "", value).lstrip("\0\x0b\f ")
        return bare.lower().startswith("javascript:") and calls_in(bare[11:], call)
    return False


# comments and strings; a line's end in a string is an error, so such a quote is left over
SILENT = re.compile(
    r"//[^\r\n]*|/\*.*?\*/|'(?:\\.|[^'\\\r\n])*'|\"(?:\\.|[^\"\\\r\n])*\"|`(?:\\.|[^`\\])*`", re.DOTALL
)
EXPRESSION = re.compile(r"\$\{([^}]*)\}")


def calls_in(script: str, call: str) -> bool:
    """Whether a script calls: not in a string or a comment, and every string and comment has its end."""

    def read(found: re.Match[str]) -> str:
        text = found.group()
        return " ".join(EXPRESSION.findall(text)) if text.startswith("`") else " "

    code = SILENT.sub(read, script)
    return call in code and not any(mark in code for mark in ("'", '"', "`", "/*"))
