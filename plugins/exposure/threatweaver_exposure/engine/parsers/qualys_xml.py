"""Qualys's XML of hosts (`asset_data_report.dtd`): their vulnerabilities, explained at the end."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.moments import read_date, read_moment
from threatweaver_exposure.engine.reading.qualys import (
    evidence,
    identified,
    linked,
    lists,
    scores,
    severity_of,
)
from threatweaver_exposure.engine.reading.words import first, place, plain, port_of
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

ROOT = "ASSET_DATA_REPORT"
_CONTAINERS = ("HOST_LIST", "GLOSSARY", "GLOSSARY/VULN_DETAILS_LIST")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report, which is read twice: how severe a finding is stands at its end."""
    levels = {_check(item): text_of(item, "SEVERITY")[:2] for item in _elements(stream, "VULN_DETAILS")}
    stream.seek(0)
    known: set[str] = set()
    for number, element in enumerate(_elements(stream, "HOST", "VULN_DETAILS")):
        if element.tag == "HOST":
            yield _asset(number, element)
            for item in element.iterfind("VULN_INFO_LIST/VULN_INFO"):
                check = _check(item)
                if check not in known:
                    known.add(check)
                    yield Definition(check, f"QID {check}")
                yield _finding(number, check, item, levels.get(check, ""))
        elif _check(element) in known:
            yield _definition(element)


def _elements(stream: BinaryIO, *tags: str) -> Iterator[Element]:
    return (element for element in children(stream, ROOT, *_CONTAINERS) if element.tag in tags)


def _check(item: Element) -> str:
    return first(text_of(item, "QID"), item.get("id", "").removeprefix("qid_"), "unknown")[:200]


def _asset(number: int, host: Element) -> Asset:
    times = (read_moment(time.text) for time in host.iterfind("VULN_INFO_LIST/VULN_INFO/LAST_FOUND"))
    identifiers = identified(*(text_of(host, name) for name in ("DNS", "IP", "NETBIOS")))
    return Asset(
        number,
        first(text_of(host, "IP"), *(value for _, value in identifiers)),
        identifiers,
        text_of(host, "OPERATING_SYSTEM") or None,
        finished_at=max((time for time in times if time), default=UNDATED),
    )


def _finding(number: int, check: str, item: Element, level: str) -> Finding:
    status = text_of(item, "VULN_STATUS")
    return Finding(
        number,
        check,
        severity_of(level, kind=text_of(item, "TYPE"), status=status),
        port=port_of(text_of(item, "PORT")),
        protocol=text_of(item, "PROTOCOL").lower(),
        service=text_of(item, "SERVICE"),
        output=evidence(status, plain(text_of(item, "RESULT"))),
        location=place(text_of(item, "INSTANCE")),
    )


def _definition(item: Element) -> Definition:
    threat, impact, solution = (text_of(item, name) for name in ("THREAT", "IMPACT", "SOLUTION"))
    listed = lists(item)
    return Definition(
        _check(item),
        first(text_of(item, "TITLE"), f"QID {_check(item)}"),
        family=text_of(item, "CATEGORY"),
        description="\n\n".join(filter(None, (plain(threat), plain(impact)))),
        solution=plain(solution),
        modified_on=read_date(text_of(item, "LAST_UPDATE")),
        **listed | {"see_also": (*listed["see_also"], *linked(threat, solution))},
        **scores(text_of(item, "CVSS_SCORE/CVSS_BASE"), text_of(item, "CVSS3_SCORE/CVSS3_BASE")),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT else 0


PARSER = ImportParser(name="qualys_xml", title="Qualys XML", detects=detects, parse=parse)
