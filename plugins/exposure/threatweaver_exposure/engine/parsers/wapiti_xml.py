"""Wapiti's XML: vulnerabilities of a web application, and what is odd or telling about it."""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from threatweaver.reports import (
    CERTAIN,
    UNDATED,
    Definition,
    Finding,
    ImportParser,
    Record,
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.web import Sites, at, hrefs, read_moment, rule
from threatweaver_exposure.engine.reading.words import (
    CRITICAL,
    INFO,
    cves,
    cwes,
    path_of,
    place,
    plain,
)
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

ROOT = "report"
_SECTIONS = {"vulnerabilities": "vulnerability", "anomalies": "anomaly", "additionals": "additional"}
_CONTAINERS = [
    path
    for section, kind in _SECTIONS.items()
    for path in (section, f"{section}/{kind}", f"{section}/{kind}/entries")
]
_LEVELS = {str(level) for level in range(INFO, CRITICAL + 1)}  # Wapiti's are ours


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, target, known = Sites(), "", set[str]()
    category = Definition("unknown", "unknown")
    for element in children(stream, ROOT, "report_infos", *_CONTAINERS):
        if element.tag == "info":
            if target := _info(sites, element) or target:
                yield sites.stated(target)
        elif element.tag in _MEMBERS:
            name = rule(element.getparent().get("name"))
            if category.check != name:
                category = Definition(name, name)
            category = category._replace(**_MEMBERS[element.tag](element))
        elif element.tag == "entry" and element.getparent().tag == "entries":
            yield from sites.seen(target)
            if category.check not in known:
                known.add(category.check)
                yield category
            yield _finding(sites, category.check, target, element)


def _info(sites: Sites, info: Element) -> str:
    """Take what the report says of itself; return the URL of its target if this is it."""
    name, text = info.get("name"), (info.text or "").strip()
    if name == "generatorName" and text.lower() != "wapiti":
        raise ReportError(ReportFault.UNSUPPORTED, "the report is not Wapiti's")
    if name == "dateOfScan":
        sites.finished_at = read_moment(text) or UNDATED
    return text if name == "target" else ""


def _references(element: Element) -> dict[str, Any]:
    links = [f"{text_of(item, 'title')} {text_of(item, 'url')}" for item in element.iterfind("reference")]
    return {"see_also": hrefs(*links), "cves": cves(*links), "cwes": cwes(*links)}


# Wapiti describes a category of flaws before its entries, and those without entries, too.
_MEMBERS: dict[str, Callable[[Element], dict[str, Any]]] = {
    "description": lambda element: {"description": plain(element.text)},
    "solution": lambda element: {"solution": plain(element.text)},
    "references": _references,
}


def _finding(sites: Sites, check: str, target: str, entry: Element) -> Finding:
    method, parameter = text_of(entry, "method"), text_of(entry, "parameter")
    said = plain(text_of(entry, "info"))
    level = text_of(entry, "level")
    lines = (f"{method} {text_of(entry, 'path')} {parameter}".strip(), said, text_of(entry, "curl_command"))
    return Finding(
        sites.number(target),
        check,
        int(level) if level in _LEVELS else INFO,
        **at(target),
        output="\n".join(filter(None, lines)),
        # Where no parameter is at fault, only the text tells one header or cookie from another.
        location=place(method, path_of(text_of(entry, "path")), parameter or said),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: others call their root the same."""
    named = b"generatorName" in head and b"wapiti" in head.lower()
    return CERTAIN if root_of(head) == ROOT and named else 0


PARSER = ImportParser(name="wapiti_xml", title="Wapiti XML", detects=detects, parse=parse)
