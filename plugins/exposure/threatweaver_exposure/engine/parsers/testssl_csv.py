"""testssl.sh's CSV: tests of TLS services, a row each; those with a severity are findings."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.network import Checks, known_by
from threatweaver_exposure.engine.reading.tables import header_of, rows
from threatweaver_exposure.engine.reading.words import cves, cwes, first, port_of, severity

_TARGET = "fqdn/ip"
_FLAWS = {"LOW", "MEDIUM", "HIGH", "CRITICAL"}


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report.

    It says what was tested, and that at one port; a Coverage would speak of every port, so there is none.
    """
    numbers: dict[str, int] = {}
    checks = Checks()
    for row in rows(stream):
        word, target = first(row.get("severity")).upper(), first(row.get(_TARGET))
        new = target not in numbers
        number = numbers.setdefault(target, len(numbers))
        if new or word == "FATAL":  # this one was not tested, or not to the end
            yield _asset(number, target, None if word == "FATAL" else UNDATED)
        if word in _FLAWS:
            yield from _flaw(number, row, checks)


def _flaw(number: int, row: Mapping[str, str], checks: Checks) -> Iterator[Record]:
    check = first(row.get("id"), "unknown")[:200]
    named = checks.news(check, cves(row.get("cve")))
    if named is not None:
        yield Definition(check, check, family="TLS", cves=named, cwes=cwes(row.get("cwe")))
    yield Finding(
        number,
        check,
        severity(row.get("severity")),
        port=port_of(row.get("port")),
        protocol="tcp",
        output=first(row.get("finding")) or None,
    )


def _asset(number: int, target: str, finished: datetime | None) -> Asset:
    name, _, address = target.partition("/")
    return Asset(number, first(name, address)[:1_000], known_by(name, address), finished_at=finished)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if {"id", _TARGET, "severity", "finding"}.issubset(header_of(head)) else 0


PARSER = ImportParser(name="testssl_csv", title="testssl.sh CSV", detects=detects, parse=parse)
