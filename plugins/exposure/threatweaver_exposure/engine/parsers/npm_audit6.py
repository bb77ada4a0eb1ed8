"""npm 6's `npm audit --json`: advisories on the packages of a JavaScript project."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import ImportParser, Record
from threatweaver_exposure.engine.reading.npm_advisories import read_audit, told


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    return read_audit(stream, detects)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: advisories, and the actions that npm proposes."""
    return told(head, "npm")


PARSER = ImportParser(name="npm_audit6", title="npm audit JSON (npm 6)", detects=detects, parse=parse)
