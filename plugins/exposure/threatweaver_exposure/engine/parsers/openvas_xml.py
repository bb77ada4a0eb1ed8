"""Greenbone's (OpenVAS's) XML: results of network vulnerability tests, as GMP reports them."""

import re
from collections.abc import Iterator, Mapping
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
from threatweaver_exposure.engine.dates import read_day, read_time
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.prolog import HEAD_SIZE
from threatweaver_exposure.engine.reading.network import Checks, known_by
from threatweaver_exposure.engine.reading.words import (
    cves,
    cvss,
    first,
    links,
    port_of,
    score,
    severity,
    severity_of_score,
)
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

_ROOTS = ("report", "get_reports_response")
# The report stands alone, within one that says its format, or within the answer to a request for reports.
_CONTAINERS = (
    "report",
    "report/report",
    *(
        f"{path}{part}"
        for path in ("", "report/", "report/report/")
        for part in ("results", "ports", "errors")
    ),
)
_SIGNS = (b"<gmp>", b"<omp>", b"<scan_run_status>", b" format_id=", b"<result_count>")
_PORT = re.compile(r"(\w{1,20})/(\w{1,20})", re.ASCII)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    root = root_of(stream.read(HEAD_SIZE))
    if root not in _ROOTS:
        raise ReportError(ReportFault.UNSUPPORTED, "the file does not begin with a report element")
    stream.seek(0)
    scan = _Scan()
    for element in children(stream, root, *_CONTAINERS):
        yield from scan.take(element)
    yield from scan.end()


class _Scan:
    """Results come first; when hosts and the scan ended stands after them."""

    def __init__(self) -> None:
        self._done = True
        self._times: dict[str, datetime | None] = {}
        self._hosts: dict[str, Asset] = {}
        self._open: set[str] = set()
        self._checks = Checks()

    def take(self, element: Element) -> Iterator[Record]:
        match element.tag:
            case "result":
                yield from self._result(element)
            case "host":
                yield from self._host(element)
            case "scan_run_status":
                self._done = (element.text or "").strip() == "Done"
            case "scan_start" | "scan_end":
                self._times[element.tag] = read_time(element.text)

    def end(self) -> Iterator[Record]:
        """Yield the hosts again of which the report says no more than when the scan was over."""
        if self._done:
            over = self._times.get("scan_end") or UNDATED
            yield from (self._hosts[name]._replace(finished_at=over) for name in self._open)

    def _met(self, host: Element) -> Iterator[Asset]:
        address = (host.text or "").strip()
        if address not in self._hosts:
            asset = Asset(
                len(self._hosts),
                first(address, text_of(host, "hostname")),
                known_by(text_of(host, "hostname"), address),
                started_at=self._times.get("scan_start"),
            )
            self._hosts[address] = asset
            self._open.add(address)
            yield asset

    def _host(self, host: Element) -> Iterator[Record]:
        address = text_of(host, "ip")
        if not address:
            return
        details = {text_of(detail, "name"): text_of(detail, "value") for detail in host.iterfind("detail")}
        known = self._hosts.get(address) or Asset(len(self._hosts), address, known_by(address))
        self._open.discard(address)
        self._hosts[address] = known._replace(
            identifiers=(*known.identifiers, *known_by(details.get("hostname"), mac=details.get("MAC"))),
            operating_system=details.get("best_os_txt") or None,
            started_at=read_time(text_of(host, "start")) or known.started_at,
            finished_at=read_time(text_of(host, "end")),
        )
        yield self._hosts[address]

    def _result(self, result: Element) -> Iterator[Record]:
        host, nvt = result.find("host"), result.find("nvt")
        if host is None:
            return
        nvt = result if nvt is None else nvt
        yield from self._met(host)
        check = first(nvt.get("oid"), text_of(nvt, "name"), text_of(result, "name"), "unknown")[:200]
        references = [(ref.get("type") or "", ref.get("id") or "") for ref in nvt.iterfind("refs/ref")]
        named = self._checks.news(check, cves(text_of(nvt, "cve"), *(name for _, name in references)))
        if named is not None:
            yield _definition(check, result, nvt, references)._replace(cves=named)
        yield _finding(self._hosts[(host.text or "").strip()].number, check, result)


def _finding(number: int, check: str, result: Element) -> Finding:
    port = _PORT.search(text_of(result, "port"))
    stated = severity_of_score(score(text_of(result, "severity")))
    return Finding(
        number,
        check,
        severity(text_of(result, "threat"), stated),
        port=port_of(port[1]) if port else 0,
        protocol=port[2].lower() if port else "",
        output=text_of(result, "description") or None,
    )


def _definition(check: str, result: Element, nvt: Element, references: list[tuple[str, str]]) -> Definition:
    tags = _tags(nvt)
    vectors = (value.text for value in nvt.iterfind("severities/severity/value"))
    return Definition(
        check,
        " ".join(first(text_of(nvt, "name"), text_of(result, "name"), check).split()),
        family=text_of(nvt, "family"),
        synopsis=tags.get("summary", ""),
        description="\n\n".join(filter(None, (tags.get(name) for name in ("insight", "impact", "affected")))),
        solution=text_of(nvt, "solution") or tags.get("solution", ""),
        see_also=links([name for _, name in references]),
        modified_on=read_day(text_of(result, "scan_nvt_version")),
        references=tuple(
            f"{kind.upper()}:{name}" for kind, name in references if kind not in {"cve", "url", ""}
        ),
        **(cvss(tags.get("cvss_base_vector"), *vectors) or {"cvss2_score": score(text_of(nvt, "cvss_base"))}),
    )


def _tags(nvt: Element) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in text_of(nvt, "tags").split("|"))
    return {name.strip(): text.strip() for name, _, text in pairs}


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: other tools call their root a report, too."""
    root = root_of(head)
    plain = head.replace(b"\0", b"")
    return (
        CERTAIN if root == _ROOTS[1] or (root == _ROOTS[0] and any(sign in plain for sign in _SIGNS)) else 0
    )


PARSER = ImportParser(name="openvas_xml", title="OpenVAS XML", detects=detects, parse=parse)
