"""SPDX 2 as JSON: a bill of materials, its packages and the advisories that it names for them."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import CERTAIN, ImportParser, Record
from threatweaver_exposure.engine.reading.components import sections
from threatweaver_exposure.engine.reading.json_items import peek
from threatweaver_exposure.engine.reading.spdx import CREATED, NAME, Document
from threatweaver_exposure.engine.reading.words import mapping

_PACKAGE, _VERSION = "packages.[]", "spdxVersion"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    document = Document()
    yield from document.begins()
    for path, value in sections(stream, _VERSION, NAME, CREATED, _PACKAGE):
        if path == _PACKAGE:
            yield from document.package(mapping(value))
        elif path != _VERSION:
            yield document.learns(path, value)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: by the version of SPDX, or by what its documents begin with."""
    seen = peek(head)
    versioned = str(seen.values.get(_VERSION)).startswith("SPDX-2")
    return CERTAIN if versioned or seen.has("SPDXID", CREATED) or seen.has("packages.[].SPDXID") else 0


PARSER = ImportParser(name="spdx_json", title="SPDX JSON", detects=detects, parse=parse)
