"""Reads what stands before the root element of an XML file, without an XML parser."""

import re
from typing import NamedTuple

from threatweaver.reports import ReportError, ReportFault

HEAD_SIZE = 64 * 1024

# Encodings in which every markup character is one ASCII byte. In others (UTF-7, ISO-2022, EBCDIC) a document
# type could hide from a reader of bytes and still be seen by the parser.
_PLAIN = re.compile(r"utf-?8|us-ascii|ascii|latin-?1|iso[-_]8859[-_]\d+|(windows|cp)-?125\d", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?xml\s[^<>]*?\?>")
_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([^"']*)["']""")
_MISC = re.compile(r"(?:\s++|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\s*([^\s>\[]*)")
_AFTER = rb"(?:\s++|<!--.*?-->|<\?.*?\?>)*+\Z"
_ROOT = re.compile(r"<([^\s<>/!?&\"']+)")


class Prolog(NamedTuple):
    """Where an XML file begins and what it says first; offsets are in bytes."""

    encoding: str
    start: int
    """Where the XML declaration, or whatever stands in its place, begins."""
    body: int
    """Where the XML declaration has ended, if there is one."""
    root: str
    doctype: bool


def read_prolog(head: bytes) -> Prolog | None:
    """Describe the beginning of an XML file; None when it is none or cannot be read safely."""
    encoding, mark = _detect_encoding(head)
    width = 1 if encoding == "utf-8" else 2
    # latin-1 keeps byte offsets and never fails; the names looked for are ASCII in every plain encoding
    text = head[mark:].decode("latin-1" if width == 1 else encoding, "ignore").lstrip("\ufeff")
    blank = 0 if mark else len(text) - len(text.lstrip())
    declaration = _DECLARATION.match(text, blank)
    if declaration and not _encoding_agrees(declaration.group(), encoding):
        return None
    body = declaration.end() if declaration else blank
    position = _match_end(_MISC, text, body)
    doctype = _DOCTYPE.match(text, position)
    root = doctype or _ROOT.match(text, position)
    if root is None:
        return None
    start = 0 if mark else blank * width
    return Prolog(encoding, start, mark + body * width, root.group(1), doctype is not None)


def refuse_doctype(head: bytes) -> None:
    """Refuse a file with a document type declaration, since reports need none and entities come with it."""
    prolog = read_prolog(head)
    if prolog is not None and prolog.doctype:
        raise ReportError(ReportFault.FORBIDDEN_XML, "the report has a document type declaration")


def refuse_entities(head: bytes) -> None:
    """Refuse a file whose document type declares an entity: no report needs one."""
    prolog = read_prolog(head)
    # zero bytes go, so that either kind of UTF-16 is read, too
    if prolog is not None and prolog.doctype and b"<!ENTITY" in head.replace(b"\0", b""):
        raise ReportError(ReportFault.FORBIDDEN_XML, "the report declares an entity")


def check_end(tail: bytes, root: str) -> None:
    """Refuse a file whose last bytes (up to 4 KiB) do not close its root element."""
    # a root element has an ASCII name, so leaving out zero bytes reads either kind of UTF-16 too
    text = tail.replace(b"\x00", b"")
    if not re.search(rb"</" + re.escape(root.encode()) + rb"\s*>" + _AFTER, text, re.DOTALL):
        raise ReportError(ReportFault.TRUNCATED, f"the report does not end with </{root}>")


def _detect_encoding(head: bytes) -> tuple[str, int]:
    """The family of the encoding, and the size of its byte order mark."""
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8", 3
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le", 2
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be", 2
    if head.startswith(b"<\x00"):
        return "utf-16-le", 0
    if head.startswith(b"\x00<"):
        return "utf-16-be", 0
    return "utf-8", 0


def _encoding_agrees(declaration: str, encoding: str) -> bool:
    declared = _ENCODING.search(declaration)
    if declared is None:
        return True
    if encoding == "utf-8":
        return _PLAIN.fullmatch(declared.group(1)) is not None
    return declared.group(1).lower().startswith("utf-16")


def _match_end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
