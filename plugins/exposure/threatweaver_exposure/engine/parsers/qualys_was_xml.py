"""Qualys Web Application Scanning's XML: the vulnerabilities of web applications, explained at the end."""

import binascii
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from threatweaver.reports import (
    CERTAIN,
    UNDATED,
    Asset,
    Definition,
    Finding,
    ImportParser,
    Record,
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.prolog import HEAD_SIZE
from threatweaver_exposure.engine.reading.moments import read_moment
from threatweaver_exposure.engine.reading.network import known_by
from threatweaver_exposure.engine.reading.qualys import evidence, linked, scores, severity_of
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    first,
    host_and_port,
    path_of,
    place,
    plain,
)
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

_ROOTS = ("WAS_SCAN_REPORT", "WAS_WEBAPP_REPORT")
_KINDS = ("VULNERABILITY", "INFORMATION_GATHERED", "SENSITIVE_CONTENT")
_CONTAINERS = (
    "RESULTS",
    "RESULTS/WEB_APPLICATION",
    *(f"{path}/{kind}_LIST" for path in ("RESULTS", "RESULTS/WEB_APPLICATION") for kind in _KINDS),
    "GLOSSARY",
    "GLOSSARY/QID_LIST",
    "APPENDIX",
    "APPENDIX/SCAN_LIST",
)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report, which is read twice: levels and applications stand at its end."""
    root = root_of(stream.read(HEAD_SIZE))
    if root not in _ROOTS:
        raise ReportError(
            ReportFault.UNSUPPORTED, "the file does not begin with a report on web applications"
        )
    report = _Report()
    stream.seek(0)
    for element in children(stream, root, *_CONTAINERS):
        report.learn(element)
    yield from report.applications()
    stream.seek(0)
    for element in children(stream, root, *_CONTAINERS):
        yield from report.take(element)


class _Report:
    def __init__(self) -> None:
        self._levels: dict[str, str] = {}
        self._systems: dict[str, str] = {}  # of each application's host
        self._began: list[datetime] = []
        self._ended: list[datetime] = []
        self._whole = True
        self._numbers: dict[str, int] = {}
        self._known: set[str] = set()

    def learn(self, element: Element) -> None:
        """Remember what an element at the end says of what stands before it."""
        match element.tag:
            case "QID":
                self._levels[_check(element)] = text_of(element, "SEVERITY")[:2]
            case "WEBAPP":
                host, _ = host_and_port(text_of(element, "URL"))
                self._systems[host] = text_of(element, "OPERATING_SYSTEM")
            case "SCAN":
                self._whole &= text_of(element, "STATUS") in {"Finished", ""}
                for times, name in ((self._began, "START_DATE"), (self._ended, "END_DATE")):
                    times.extend(filter(None, [read_moment(text_of(element, name))]))

    def applications(self) -> Iterator[Record]:
        """Yield what was scanned, whether or not something was found there."""
        for host in self._systems:
            yield from self._met(host)

    def take(self, element: Element) -> Iterator[Record]:
        """Yield the records of one element."""
        if element.tag == "VULNERABILITY":
            host, port = host_and_port(text_of(element, "URL"))
            yield from self._met(host)
            check = _check(element)
            if check not in self._known:
                self._known.add(check)
                yield Definition(check, f"QID {check}")
            yield _finding(self._numbers[host], check, element, port, self._levels.get(check, ""))
        elif element.tag == "QID" and _check(element) in self._known:
            yield _definition(element)

    def _met(self, host: str) -> Iterator[Asset]:
        if host in self._numbers:
            return
        self._numbers[host] = len(self._numbers)
        yield Asset(
            self._numbers[host],
            host[:1_000],
            known_by(host),
            self._systems.get(host) or None,
            started_at=min(self._began, default=None),
            finished_at=max(self._ended, default=UNDATED) if self._whole else None,
        )


def _check(element: Element) -> str:
    return first(text_of(element, "QID"), "unknown")[:200]


def _finding(number: int, check: str, item: Element, port: int, level: str) -> Finding:
    payload = item.find("PAYLOADS/PAYLOAD")
    request = item if payload is None else payload
    status = text_of(item, "STATUS")
    lines = (
        "Ignored in Qualys" if text_of(item, "IGNORED") == "true" else "",
        text_of(item, "URL"),
        text_of(request, "PAYLOAD"),
        _decoded(request.find("RESPONSE/CONTENTS")),
    )
    return Finding(
        number,
        check,
        severity_of(level, status=status),
        port=port,
        protocol="tcp",
        output=evidence(status, *lines),
        location=place(
            text_of(request, "REQUEST/METHOD"), path_of(text_of(item, "URL")), text_of(item, "PARAM")
        ),
    )


def _decoded(contents: Element) -> str:
    if contents is None or not contents.text:
        return ""
    if contents.get("base64") != "true":
        return str(contents.text)
    try:
        return b64decode(contents.text).decode("utf-8", "replace").replace("\0", "")
    except (binascii.Error, ValueError):
        return ""


def _definition(item: Element) -> Definition:
    description, impact, solution = (text_of(item, name) for name in ("DESCRIPTION", "IMPACT", "SOLUTION"))
    return Definition(
        _check(item),
        first(text_of(item, "TITLE"), f"QID {_check(item)}"),
        family=text_of(item, "CATEGORY"),
        description="\n\n".join(filter(None, (plain(description), plain(impact)))),
        solution=plain(solution),
        see_also=linked(description, solution),
        cves=cves(text_of(item, "CVE")),
        cwes=cwes(text_of(item, "CWE")),
        references=tuple(filter(None, (text_of(item, "OWASP"), text_of(item, "WASC")))),
        **scores(text_of(item, "CVSS_BASE"), text_of(item, "CVSS_V3/BASE")),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) in _ROOTS else 0


PARSER = ImportParser(name="qualys_was_xml", title="Qualys WAS XML", detects=detects, parse=parse)
