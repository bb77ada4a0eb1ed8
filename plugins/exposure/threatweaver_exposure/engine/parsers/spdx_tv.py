"""SPDX 2 as tags and values: a bill of materials, its packages and the advisories that it names for them."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, ImportParser, Record, ReportError, ReportFault
from threatweaver_exposure.engine.reading.spdx import CREATED, NAME, Document

_MOST_BYTES = 4 << 20  # of a value
_TAG = re.compile(r"([A-Za-z]+):(.*)", re.DOTALL)
_VERSION = re.compile(rb"(?:\A\xef\xbb\xbf|^)[ \t]*SPDXVersion:[ \t]*SPDX-2", re.MULTILINE)
_OF_DOCUMENT = {"DocumentName": NAME, "Created": CREATED}
_OF_PACKAGE = {
    "PackageName": "name",
    "PackageVersion": "versionInfo",
    "PackageLicenseDeclared": "licenseDeclared",
    "PackageSupplier": "supplier",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}
_PARTS = ("referenceCategory", "referenceType", "referenceLocator")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    document = Document()
    yield from document.begins()
    package: dict[str, Any] = {}
    fits = False
    for tag, value in _tags(stream):
        fits = fits or tag in {"SPDXVersion", "PackageName"}
        if tag in _OF_DOCUMENT:
            yield document.learns(_OF_DOCUMENT[tag], value)
        if tag == "PackageName":
            if package:
                yield from document.package(package)
            package = {"externalRefs": []}
        if package:
            _take(package, tag, value)
    if package:
        yield from document.package(package)
    if not fits:
        raise ReportError(ReportFault.UNSUPPORTED, "the file has neither a version of SPDX nor a package")


def _take(package: dict[str, Any], tag: str, value: str) -> None:
    if tag in _OF_PACKAGE:
        package[_OF_PACKAGE[tag]] = value
    elif tag == "ExternalRef":
        package["externalRefs"].append(dict(zip(_PARTS, value.split(None, 2), strict=False)))
    elif tag == "ExternalRefComment" and package["externalRefs"]:
        package["externalRefs"][-1]["comment"] = value


def _tags(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield each tag with its value, which has several lines between <text> and </text>."""
    while line := _line(stream):
        found = _TAG.fullmatch(line.strip())
        if found is None:
            continue
        tag, value = found[1], found[2].strip()
        if value.startswith("<text>") and "</text>" not in value:
            value += "".join(_rest(stream))
        yield tag, value.removeprefix("<text>").partition("</text>")[0]


def _rest(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a text up to its end."""
    size, line = 0, ""
    while "</text>" not in line:
        line = _line(stream)
        size += len(line)
        if not line:
            raise ReportError(ReportFault.TRUNCATED, "the report ends within a text")
        if size > _MOST_BYTES:
            raise ReportError(ReportFault.LIMIT, "one text of the report is too large")
        yield line


def _line(stream: BinaryIO) -> str:
    line = stream.readline(_MOST_BYTES)
    if len(line) >= _MOST_BYTES:
        raise ReportError(ReportFault.LIMIT, "one line of the report is too large")
    return line.decode(errors="replace").replace("\0", "").removeprefix("\ufeff") or (" " if line else "")


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: by the tag that each begins with."""
    return CERTAIN if _VERSION.search(head) else 0


PARSER = ImportParser(name="spdx_tv", title="SPDX tag-value", detects=detects, parse=parse)
