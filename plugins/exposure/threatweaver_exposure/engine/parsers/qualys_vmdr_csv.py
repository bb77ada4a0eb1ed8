"""Qualys VMDR's CSV: detections on assets, a row each, or a row each CVE of them."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.moments import read_date, read_moment
from threatweaver_exposure.engine.reading.network import Checks, Hosts, Identifiers, known_by
from threatweaver_exposure.engine.reading.preamble import rows_below, start_of
from threatweaver_exposure.engine.reading.qualys import evidence, linked, scores, severity_of
from threatweaver_exposure.engine.reading.words import cves, first, plain, port_of

_COLUMNS = ("qid", "title", "severity", "kb severity", "asset name")
_NOTHING = "'-"  # how a cell says that there is none, safe from spreadsheets


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    hosts, checks = Hosts(), Checks()
    worst: dict[str, dict[str, Any]] = {}  # each CVE of a check has scores of its own
    for row in rows_below(stream, *_COLUMNS):
        check = first(row.get("qid"))[:200]
        if not check:
            continue
        number, met = hosts.meet(
            _identifiers(row), system=row.get("operating system"), seen=read_moment(row.get("last detected"))
        )
        yield from met
        named = checks.news(check, cves(row.get("cve")))
        if named is not None:
            stated = scores(row.get("cvssv2 base (nvd)"), row.get("cvssv3.1 base (nvd)"))
            worst[check] = max(worst.get(check, {}), stated, key=_height)
            yield _definition(check, row, named)._replace(**worst[check])
        yield _finding(number, check, row)
    yield from hosts.seen_later()


def _identifiers(row: Mapping[str, str]) -> Identifiers:
    addresses = f"{row.get('asset ipv4', '')},{row.get('asset ipv6', '')}".split(",")
    return known_by(*(text.replace(_NOTHING, "") for text in (row.get("asset name", ""), *addresses)))


def _finding(number: int, check: str, row: Mapping[str, str]) -> Finding:
    status = row.get("status")
    return Finding(
        number,
        check,
        severity_of(row.get("severity"), status=status),
        port=port_of(row.get("port")),
        protocol=first(row.get("protocol")).replace(_NOTHING, "").lower(),
        output=evidence(status, plain(row.get("results"))),
    )


def _height(stated: Mapping[str, Any]) -> float:
    return float(stated.get("cvss3_score", stated.get("cvss2_score", -1)))


def _definition(check: str, row: Mapping[str, str], named: tuple[str, ...]) -> Definition:
    return Definition(
        check,
        first(row.get("title"), f"QID {check}"),
        family=first(row.get("category")),
        description=plain(first(row.get("threat"), row.get("cve-description"))),
        solution=plain(row.get("solution")),
        see_also=linked(row.get("threat"), row.get("solution")),
        cves=named,
        published_on=read_date(row.get("published date")),
        patch_published_on=read_date(row.get("patch released")),
        exploit_available="exploit" in row.get("rti", "").lower() or None,
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one; three lines on the report stand before its header."""
    return CERTAIN if start_of(head, *_COLUMNS) else 0


PARSER = ImportParser(name="qualys_vmdr_csv", title="Qualys VMDR CSV", detects=detects, parse=parse)
