"""Qualys's XML of one scan (`scan-1.dtd`): the confirmed vulnerabilities of hosts."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.moments import read_date, read_moment
from threatweaver_exposure.engine.reading.network import Checks
from threatweaver_exposure.engine.reading.qualys import identified, lists, scores, severity_of
from threatweaver_exposure.engine.reading.words import first, place, plain, port_of
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

ROOT = "SCAN"
_DURATION = re.compile(r"(?:(\d{1,3}) days? )?(\d{1,4}):(\d{2}):(\d{2})", re.ASCII)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    header: dict[str, str] = {}
    checks = Checks()
    number = 0
    for element in children(stream, ROOT, "HEADER"):
        if element.tag == "KEY":
            header[element.get("value", "")] = (element.text or "").strip()
        elif element.tag == "IP":
            number += 1
            yield _asset(number, element, header)
            for group in element.iterfind("VULNS/CAT"):
                for vulnerability in group.iterfind("VULN"):
                    yield from _vulnerability(number, group, vulnerability, checks)


def _asset(number: int, host: Element, header: dict[str, str]) -> Asset:
    started = read_moment(header.get("DATE"))
    identifiers = identified(host.get("name", ""), host.get("value", ""), text_of(host, "NETBIOS_HOSTNAME"))
    return Asset(
        number,
        first(host.get("value"), *(value for _, value in identifiers)),
        identifiers,
        text_of(host, "OS") or None,
        started,
        _ended(started, header) if header.get("STATUS", "FINISHED") == "FINISHED" else None,
    )


def _ended(started: datetime | None, header: dict[str, str]) -> datetime:
    took = _DURATION.fullmatch(header.get("DURATION", ""))
    if started is None or took is None:
        return started or UNDATED
    days, hours, minutes, seconds = (int(part or 0) for part in took.groups())
    try:
        return started + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return started


def _vulnerability(number: int, group: Element, item: Element, checks: Checks) -> Iterator[Record]:
    check = first(item.get("number"), text_of(item, "TITLE"), "unknown")[:200]
    named = checks.news(check)
    if named is not None:
        yield _definition(check, group, item)
    yield Finding(
        number,
        check,
        severity_of(item.get("severity")),
        port=port_of(group.get("port")),
        protocol=(group.get("protocol") or "").lower(),
        output=plain(text_of(item, "RESULT")) or None,
        location=place(text_of(item, "INSTANCE")),
    )


def _definition(check: str, group: Element, item: Element) -> Definition:
    texts = (plain(text_of(item, "DIAGNOSIS")), plain(text_of(item, "CONSEQUENCE")))
    return Definition(
        check,
        first(text_of(item, "TITLE"), f"QID {check}"),
        family=group.get("value") or "",
        description="\n\n".join(filter(None, texts)),
        solution=plain(text_of(item, "SOLUTION")),
        modified_on=read_date(text_of(item, "LAST_UPDATE")),
        **lists(item),
        **scores(text_of(item, "CVSS_BASE"), text_of(item, "CVSS3_BASE")),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT else 0


PARSER = ImportParser(name="qualys_scan_xml", title="Qualys scan XML", detects=detects, parse=parse)
