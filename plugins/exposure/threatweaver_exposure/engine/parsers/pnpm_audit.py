"""pnpm's `pnpm audit --json`: advisories on the packages of a JavaScript project."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import ImportParser, Record
from threatweaver_exposure.engine.reading.npm_advisories import read_audit, told


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    return read_audit(stream, detects)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: advisories as npm 6 has them, with paths that begin with a project."""
    return told(head, "pnpm")


PARSER = ImportParser(name="pnpm_audit", title="pnpm audit JSON", detects=detects, parse=parse)
