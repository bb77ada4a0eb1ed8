"""Qualys's CSV: vulnerabilities of hosts, from a report or from one scan, a row each."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.moments import read_moment
from threatweaver_exposure.engine.reading.network import Checks, Hosts
from threatweaver_exposure.engine.reading.preamble import rows_below, start_of
from threatweaver_exposure.engine.reading.qualys import evidence, identified, linked, scores, severity_of
from threatweaver_exposure.engine.reading.words import cves, first, place, plain, port_of

_COLUMNS = ("ip", "qid", "title", "severity", "ip status")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    hosts, checks = Hosts(), Checks()
    for row in rows_below(stream, *_COLUMNS):
        check = first(row.get("qid"))[:200]
        if not check:
            continue
        number, met = hosts.meet(
            identified(row.get("dns", ""), row.get("ip", ""), row.get("netbios", "")),
            system=row.get("os"),
            seen=read_moment(row.get("last detected")),
        )
        yield from met
        named = checks.news(check, cves(row.get("cve id")))
        if named is not None:
            yield _definition(check, row, named)
        yield _finding(number, check, row)
    yield from hosts.seen_later()


def _finding(number: int, check: str, row: Mapping[str, str]) -> Finding:
    status = row.get("vuln status")
    return Finding(
        number,
        check,
        severity_of(row.get("severity"), kind=row.get("type"), status=status),
        port=port_of(row.get("port")),
        protocol=first(row.get("protocol")).lower(),
        output=evidence(status, plain(row.get("results"))),
        location=place(row.get("instance")),
    )


def _definition(check: str, row: Mapping[str, str], named: tuple[str, ...]) -> Definition:
    bugtraq = (f"BID:{bid.strip()}" for bid in row.get("bugtraq id", "").split(",") if bid.strip())
    vendor = (
        reference.strip() for reference in row.get("vendor reference", "").split(",") if reference.strip()
    )
    return Definition(
        check,
        first(row.get("title"), f"QID {check}"),
        family=first(row.get("category")),
        description="\n\n".join(filter(None, (plain(row.get("threat")), plain(row.get("impact"))))),
        solution=plain(row.get("solution")),
        see_also=linked(row.get("threat"), row.get("solution")),
        cves=named,
        exploit_available=bool(first(row.get("exploitability"))) or None,
        references=(*vendor, *bugtraq),
        **scores(row.get("cvss base"), first(row.get("cvss3.1 base"), row.get("cvss3 base"))),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one; lines on the report may stand before its header."""
    return CERTAIN if start_of(head, *_COLUMNS) else 0


PARSER = ImportParser(name="qualys_csv", title="Qualys CSV", detects=detects, parse=parse)
