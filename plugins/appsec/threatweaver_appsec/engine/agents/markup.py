"""HTML as browsers split it: tags with their attributes, comments, and text that is read otherwise.

Follows the tokenizer of the HTML standard where it matters for what a value turns into; trees are not built.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a part of a page is."""

    TEXT = "text"
    RAW = "raw"  # text of an element in which no tags are read: title, textarea, style, ...
    SCRIPT = "script"
    START = "start"
    END = "end"
    COMMENT = "comment"


@dataclass(frozen=True)
class Attribute:
    """One attribute as it stands in the source. `value` is decoded; start and end are of its raw text."""

    name: str
    value: str
    quote: str
    start: int
    end: int
    name_start: int


@dataclass(frozen=True)
class Token:
    """One part of a page, from `start` to `end` in its source."""

    kind: Kind
    start: int
    end: int
    name: str = ""
    """Of the element, lower case; of RAW and SCRIPT, the element around it."""
    attributes: tuple[Attribute, ...] = ()


RAW_ELEMENTS = frozenset(
    {"title", "textarea", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"}
)
TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
ATTRIBUTE = re.compile(r"[\s/]*(?:(?P<name>=?[^\s/>=]+)(?P<eq>\s*=\s*)?)?")
DATA_SCRIPT = re.compile(r"json|template|text/(plain|html|x-)|ld\+", re.IGNORECASE)


def tokens(source: str) -> Iterator[Token]:
    """Yield the parts of a page in order."""
    at = 0
    while at < len(source):
        found = source.find("<", at)
        if found < 0:
            yield Token(Kind.TEXT, at, len(source))
            return
        token = _markup(source, found)
        if token is None:  # a sign alone
            next_one = source.find("<", found + 1)
            end = next_one if next_one >= 0 else len(source)
            yield Token(Kind.TEXT, at, end)
            at = end
            continue
        if found > at:
            yield Token(Kind.TEXT, at, found)
        yield token
        at = token.end
        if token.kind is Kind.START and (token.name == "script" or token.name in RAW_ELEMENTS):
            end = _end_of_raw(source, at, token.name)
            if end > at:
                yield Token(_raw_kind(token), at, end, token.name)
            at = end


def _raw_kind(opening: Token) -> Kind:
    kind = next((one.value for one in opening.attributes if one.name == "type"), "")
    return Kind.SCRIPT if opening.name == "script" and not DATA_SCRIPT.search(kind) else Kind.RAW


def _markup(source: str, at: int) -> Token | None:
    if source.startswith("<!--", at):
        if source.startswith((">", "->"), at + 4):
            return Token(Kind.COMMENT, at, source.index(">", at) + 1)
        ends = [end for mark in ("-->", "--!>") if (end := source.find(mark, at + 4)) >= 0]
        end = min(ends) if ends else len(source)
        return Token(Kind.COMMENT, at, source.find(">", end) + 1 if ends else end)
    if source.startswith(("<!", "<?"), at) or (
        source.startswith("</", at) and source[at + 2 : at + 3] not in ("", ">") and not TAG.match(source, at)
    ):
        end = source.find(">", at)
        return Token(Kind.COMMENT, at, end + 1 if end >= 0 else len(source))
    tag = TAG.match(source, at)
    return _tag(source, at, tag.group(1), tag.group(2).lower(), tag.end()) if tag else None


def _tag(source: str, start: int, slash: str, name: str, at: int) -> Token | None:
    attributes: list[Attribute] = []
    while True:
        found = ATTRIBUTE.match(source, at)
        at = found.end() if found else at
        if found and found.group("name"):
            attribute = _attribute(source, found)
            attributes.append(attribute)
            at = attribute.end + len(attribute.quote)
        elif at >= len(source):
            return None if not attributes else Token(Kind.COMMENT, start, at)  # a tag without its end is none
        elif source[at] == ">":
            kind = Kind.END if slash else Kind.START
            return Token(kind, start, at + 1, name, tuple(attributes))
        else:
            at += 1


def _attribute(source: str, found: re.Match[str]) -> Attribute:
    name, at = found.group("name").lower(), found.end()
    if found.group("eq") is None:
        return Attribute(name, "", "", found.end(), found.end(), found.start("name"))
    mark = source[at : at + 1]
    if mark in ("'", '"') and mark:
        end = source.find(mark, at + 1)
        end = end if end >= 0 else len(source)
        start = at + 1
    else:
        mark, start = "", at
        end = next((index for index in range(at, len(source)) if source[index] in " \t\r\n\f>"), len(source))
    return Attribute(name, html.unescape(source[start:end]), mark, start, end, found.start("name"))


def _end_of_raw(source: str, at: int, name: str) -> int:
    if name == "plaintext":
        return len(source)
    found = re.compile(rf"</{name}[\s/>]", re.IGNORECASE).search(source, at)
    return found.start() if found else len(source)
