"""Greenbone's (OpenVAS's) CSV: results of network vulnerability tests, a row each."""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_day, read_time
from threatweaver_exposure.engine.reading.network import Checks, Hosts, known_by
from threatweaver_exposure.engine.reading.tables import header_of, rows
from threatweaver_exposure.engine.reading.words import (
    cves,
    first,
    links,
    port_of,
    score,
    severity,
    severity_of_score,
)

_REVISION = re.compile(r"Version used:\s*(\S{10,40})")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    hosts, checks = Hosts(), Checks()
    for row in rows(stream):
        check = first(row.get("nvt oid"), row.get("nvt name"))[:200]
        if not check:
            continue
        number, met = hosts.meet(
            known_by(row.get("hostname"), row.get("ip")), seen=read_time(row.get("timestamp"))
        )
        yield from met
        named = checks.news(check, cves(row.get("cves")))
        if named is not None:
            yield _definition(check, row, named)
        yield Finding(
            number,
            check,
            _severity(row),
            port=port_of(row.get("port")),
            protocol=first(row.get("port protocol")).lower(),
            output=first(row.get("specific result")) or None,
        )
    yield from hosts.seen_later()


def _severity(row: Mapping[str, str]) -> int:
    return severity(row.get("severity"), severity_of_score(score(row.get("cvss"))))


def _definition(check: str, row: Mapping[str, str], named: tuple[str, ...]) -> Definition:
    texts = (row.get("vulnerability insight"), row.get("impact"), row.get("affected software/os"))
    revision = _REVISION.search(row.get("vulnerability detection method", ""))
    return Definition(
        check,
        first(row.get("nvt name"), check),
        synopsis=first(row.get("summary")),
        description="\n\n".join(filter(None, map(first, texts))),
        solution=first(row.get("solution")),
        see_also=links(row.get("other references", "").replace(",", " ")),
        cves=named,
        cvss2_score=score(row.get("cvss")),  # the report does not say of which version; it was 2 for long
        modified_on=read_day(revision[1]) if revision else None,
        references=(
            *(f"BID:{bid.strip()}" for bid in row.get("bids", "").split(",") if bid.strip()),
            *(cert.strip() for cert in row.get("certs", "").split(",") if cert.strip()),
        ),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if {"nvt oid", "nvt name", "specific result"}.issubset(header_of(head)) else 0


PARSER = ImportParser(name="openvas_csv", title="OpenVAS CSV", detects=detects, parse=parse)
