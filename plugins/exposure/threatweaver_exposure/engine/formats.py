"""The report formats the engine can read, and how to tell them by their first and last bytes."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from threatweaver_exposure.engine import nessus
from threatweaver_exposure.engine.prolog import HEAD_SIZE, read_prolog, refuse_doctype
from threatweaver_exposure.engine.report import Fault, Record, ReportError

TAIL_SIZE = 4 * 1024

__all__ = ["FORMATS", "HEAD_SIZE", "TAIL_SIZE", "Format", "check_ends", "detect", "refuse_doctype"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A report format and the parser for it."""

    name: str
    label: str
    parse: Callable[[BinaryIO], Iterator[Record]]
    root_end: bytes


FORMATS = {
    nessus.ROOT: Format(
        name="nessus",
        label="Nessus v2",
        parse=nessus.parse,
        root_end=f"</{nessus.ROOT}>".encode(),
    )
}


def detect(head: bytes) -> Format | None:
    """Tell the format of a report by its first 64 KiB, decompressed; None when it is none we read."""
    prolog = read_prolog(head)
    return None if prolog is None else FORMATS.get(prolog.root)


def check_ends(head_format: Format, tail: bytes) -> None:
    """Refuse a report whose last bytes (up to 4 KiB) do not close its root element."""
    # a root element has an ASCII name, so leaving out zero bytes reads either kind of UTF-16 too
    text = tail.replace(b"\x00", b"")
    closing = re.escape(head_format.root_end.removesuffix(b">")) + rb"\s*>"
    after = rb"(?:\s++|<!--.*?-->|<\?.*?\?>)*+\Z"
    if not re.search(closing + after, text, re.DOTALL):
        raise ReportError(Fault.TRUNCATED, f"the report does not end with {head_format.root_end.decode()}")
