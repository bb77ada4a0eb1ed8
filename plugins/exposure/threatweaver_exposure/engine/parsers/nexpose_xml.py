"""Nexpose's (InsightVM's) XML export 2.0: tests of hosts and their services, explained at the end."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from threatweaver.reports import CERTAIN, UNDATED, Asset, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.moments import read_date, read_moment
from threatweaver_exposure.engine.reading.network import Identifiers, known_by
from threatweaver_exposure.engine.reading.words import (
    cves,
    cvss,
    first,
    links,
    number,
    place,
    port_of,
    score,
    severity_of_score,
)
from threatweaver_exposure.engine.reading.xml_children import children, root_of

ROOT = "NexposeReport"
_CONTAINERS = ("scans", "nodes", "VulnerabilityDefinitions")


class _Service(NamedTuple):
    port: int = 0
    protocol: str = ""
    name: str = ""


class _Lookup(NamedTuple):
    """What the rest of the report refers to."""

    levels: dict[str, int]
    scans: dict[str, dict[str, str]]


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report, which is read twice: how severe a finding is stands at its end."""
    lookup = _look_up(stream)
    stream.seek(0)
    known: set[str] = set()
    for at, element in enumerate(children(stream, ROOT, *_CONTAINERS)):
        if element.tag == "node":
            yield _asset(at, element, lookup.scans)
            for service, test in _tests(element):
                check = _check(test)
                if check not in known:
                    known.add(check)
                    yield Definition(check, check)
                yield _finding(at, service, test, lookup.levels.get(check, 0))
        elif element.tag == "vulnerability" and _check(element) in known:
            yield _definition(element)


def _look_up(stream: BinaryIO) -> _Lookup:
    lookup = _Lookup({}, {})
    for element in children(stream, ROOT, *_CONTAINERS):
        if element.tag == "vulnerability":
            lookup.levels[_check(element)] = severity_of_score(number(element.get("severity")))
        elif element.tag == "scan":
            lookup.scans[element.get("id", "")] = dict(element.attrib)
    return lookup


def _check(element: Element) -> str:
    return first(element.get("id"), "unknown").lower()[:200]


def _asset(at: int, node: Element, scans: dict[str, dict[str, str]]) -> Asset:
    ran = {test.get("scan-id", "") for test in node.iter("test")} & scans.keys() or scans.keys()
    said = [scans[scan] for scan in ran]
    whole = all(scan.get("status", "finished") == "finished" for scan in said)
    began = [moment for scan in said if (moment := read_moment(scan.get("startTime")))]
    ended = [moment for scan in said if (moment := read_moment(scan.get("endTime")))]
    system = node.find("fingerprints/os")
    known = (system.get(name) for name in ("vendor", "product", "version")) if system is not None else ()
    identifiers = _identifiers(node)
    return Asset(
        at,
        first(node.get("address"), *(value for _, value in identifiers)),
        identifiers,
        " ".join(dict.fromkeys(filter(None, known))) or None,
        started_at=min(began, default=None),
        finished_at=max(ended, default=UNDATED) if whole else None,
    )


def _identifiers(node: Element) -> Identifiers:
    names = [name.text for name in node.iterfind("names/name")]
    digits = (node.get("hardware-address") or "").replace(":", "").replace("-", "")
    mac = ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if len(digits) == 12 else ""
    return known_by(*names, node.get("address"), mac=mac)


def _tests(node: Element) -> Iterator[tuple[_Service, Element]]:
    yield from ((_Service(), test) for test in node.iterfind("tests/test") if _found(test))
    for endpoint in node.iterfind("endpoints/endpoint"):
        port, protocol = port_of(endpoint.get("port")), (endpoint.get("protocol") or "").lower()
        for service in endpoint.iterfind("services/service"):
            where = _Service(port, protocol, service.get("name") or "")
            yield from ((where, test) for test in service.iterfind("tests/test") if _found(test))


def _found(test: Element) -> bool:
    return (test.get("status") or "").startswith("vulnerable")


def _finding(asset: int, service: _Service, test: Element, level: int) -> Finding:
    return Finding(
        asset,
        _check(test),
        level,
        port=service.port,
        protocol=service.protocol,
        service=service.name,
        output=_prose(test) or None,
        location=place(test.get("key")),
    )


def _definition(item: Element) -> Definition:
    references = [
        (ref.get("source") or "", (ref.text or "").strip()) for ref in item.iterfind("references/reference")
    ]
    named = [link.get("LinkURL") for link in item.iter("URLLink")]
    stated = score(item.get("cvssScore"))
    return Definition(
        _check(item),
        first(item.get("title"), _check(item)),
        family=first(item.findtext("tags/tag")),
        description=_prose(item.find("description")),
        solution=_prose(item.find("solution")),
        see_also=links([text for _, text in references], named),
        cves=cves(*(text for _, text in references)),
        published_on=read_date(item.get("published")),
        modified_on=read_date(item.get("modified")),
        exploit_available=item.find("exploits/exploit") is not None or None,
        references=tuple(
            f"{source}:{text}" for source, text in references if source not in {"URL", "CVE", ""}
        ),
        **cvss(item.get("cvssVector")) | ({} if stated is None else {"cvss2_score": stated}),
    )


def _prose(element: Element) -> str:
    """Return the text of paragraphs and lists, without the indentation of the file."""
    if element is None:
        return ""
    lines = (line.strip() for line in "".join(element.itertext()).splitlines())
    return "\n".join(filter(None, lines))


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT else 0


PARSER = ImportParser(name="nexpose_xml", title="Nexpose XML", detects=detects, parse=parse)
