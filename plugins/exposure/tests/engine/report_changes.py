"""Values that no scanner writes, put into real reports at some places."""

import csv
import io
import json
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from lxml import etree

DEEP = json.loads("[" * 200 + "]" * 200)
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    10**400,
    1e308,
    0.1,
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "x" * 70_000,
    "é" * 3_000,
    "9999-99-99T99:99:99Z",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "99999999999999999999",
    "-1",
    "NaN",
    "infinity",
    "CVE-2024-99999999999999999999999",
    "CVSS:3.1/AV:X",
    "CRITICAL",
    "\u202e<script>&amp;\r\n",
    "http://[::1",
    "http://host:99999/",
    "pkg:",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": None},
    DEEP,
)
# What no library writes as JSON: there the one after RAW takes its place.
RAW = "raw "
WRITTEN = ("9" * 5_000, f"-{'9' * 70_000}", f"1e{'9' * 30}", "1e400", f"0.{'1' * 9_000}", '"\\ud83d"')

Changes = Sequence[tuple[float, Any]]
"""Where, from 0 to 1, and what is there then: one of VALUES, or of WRITTEN after RAW."""


def changed(data: bytes, changes: Changes) -> bytes:
    """Return a report of any format with these changes; lists and objects do other harm where none can be."""
    match data.lstrip(b"\xef\xbb\xbf \r\n")[:1]:
        case b"{" | b"[":
            return _json(data.decode("utf-8-sig"), changes)
        case b"<":
            return _xml(data, changes)
        case _:
            return _table(data.decode("utf-8-sig", errors="replace"), changes)


def _json(text: str, changes: Changes) -> bytes:
    try:
        documents, between = [json.loads(text)], b""
    except ValueError:
        documents, between = [json.loads(line) for line in text.splitlines() if line.strip()], b"\n"
    for place, value in changes:
        members = _members(documents)
        container, key = members[int(place * len(members))]
        container[key] = deepcopy(value)  # a later change may be within it
    made = between.join(json.dumps(item).encode() for item in documents)
    for raw in WRITTEN:
        made = made.replace(json.dumps(f"{RAW}{raw}").encode(), raw.encode())
    return made


def _members(document: Any) -> list[tuple[Any, Any]]:
    """Every member of a document, as its container and key."""
    found, open_ = [], [document]
    while open_:
        item = open_.pop()
        for key in item if isinstance(item, dict) else range(len(item)):
            found.append((item, key))
            if isinstance(item[key], dict | list):
                open_.append(item[key])
    return found


def _xml(data: bytes, changes: Changes) -> bytes:
    root = etree.fromstring(data.lstrip(), etree.XMLParser(resolve_entities=False))
    for place, value in changes:
        elements = [item for item in root.iter("*") if item is not root] or [root]
        element = elements[int(place * len(elements))]
        text = "".join(char for char in str(value) if char.isprintable()) if value != [] else None
        match value:
            case []:
                element.clear()
            case {} if not value and element is not root:
                element.getparent().remove(element)
            case [None]:
                element.append(etree.fromstring(etree.tostring(element, with_tail=False)))
            case _:
                element.text = text
                names = element.keys()
                if names:
                    element.set(names[int(place * 1000) % len(names)], text)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _table(text: str, changes: Changes) -> bytes:
    """Of tags and values, too: a table without delimiters, each row of which is one."""
    delimiter = max(",;\t|", key=text[:2_000].count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    for place, value in changes:
        row = rows[int(place * len(rows))]
        at = int(place * 1000) % max(1, len(row))
        if isinstance(value, list):
            del row[at:]
            row.append("")
        else:
            row[at : at + 1] = [str(value)]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode("utf-8", errors="surrogatepass")
