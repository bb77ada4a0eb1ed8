"""Acunetix's XML: vulnerabilities of web applications."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.web import Sites, at, hrefs, rated, read_moment, rule
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    path_of,
    place,
    plain,
    severity,
)
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

ROOT = "ScanGroup"
_COOKIE = re.compile(r"(?:Set-Cookie|Cookie name): ?\"?([^\s=;\"]+)")
_HEADER = {"StartURL", "StartTime", "FinishTime", "Aborted", "Responsive"}
# What the crawler saw is of no use here, and may be more than one element can hold.
_CONTAINERS = ("Scan", "Scan/ReportItems", "Scan/Crawler", "Scan/Crawler/SiteFiles")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, known, said = Sites(), set[str](), dict[str, str]()
    for element in children(stream, ROOT, *_CONTAINERS):
        if element.tag in _HEADER:
            said = said if element.tag != "StartURL" else {}
            said[element.tag] = (element.text or "").strip()
            _date(sites, said)
            yield sites.stated(said.get("StartURL"))
        elif element.getparent().tag == "Crawler":
            # The target as it was typed may lack the scheme, and with it the port.
            said["StartURL"] = element.getparent().get("StartUrl") or said.get("StartURL", "")
        elif element.tag == "ReportItem":
            yield from sites.seen(said.get("StartURL"))
            check = rule(text_of(element, "Name").removesuffix("(verified)"), text_of(element, "ModuleName"))
            if check not in known:
                known.add(check)
                yield _definition(check, element)
            yield _finding(sites, check, said.get("StartURL"), element)


def _date(sites: Sites, said: dict[str, str]) -> None:
    """Take the times of the scan that is read; one that was aborted or lost its target did not end."""
    ended = said.get("Aborted", "").lower() != "true" and said.get("Responsive", "").lower() != "false"
    sites.started_at = read_moment(said.get("StartTime"))
    sites.finished_at = (read_moment(said.get("FinishTime")) or UNDATED) if ended else None


def _definition(check: str, item: Element) -> Definition:
    vectors = (text_of(item, f"{version}/Descriptor") for version in ("CVSS", "CVSS3", "CVSS4"))
    return Definition(
        check,
        check,
        family=text_of(item, "Type"),
        description="\n\n".join(
            filter(None, (plain(text_of(item, tag)) for tag in ("Description", "Impact")))
        ),
        solution=plain(text_of(item, "Recommendation")),
        see_also=hrefs(*(text_of(link, "URL") for link in item.iterfind("References/Reference"))),
        cves=cves(*(f"{entry.get('id')} {entry.text}" for entry in item.iterfind("CVEList/CVE"))),
        cwes=cwes(*(entry.text for entry in item.iterfind("CWEList/CWE"))),
        **rated(*vectors, cvss2=text_of(item, "CVSS/Score"), cvss3=text_of(item, "CVSS3/Score")),
    )


def _finding(sites: Sites, check: str, url: str | None, item: Element) -> Finding:
    doubted = text_of(item, "IsFalsePositive").lower() == "true"
    lines = [
        "Marked as a false positive" if doubted else "",
        f"{text_of(item, 'Affects')} {text_of(item, 'Parameter')}".strip(),
        plain(text_of(item, "Details")),
        plain(text_of(item, "DetailedInformation")),
        text_of(item, "TechnicalDetails/Request").partition("\n")[0],
    ]
    return Finding(
        sites.number(url),
        check,
        severity(text_of(item, "Severity")),
        **at(url),
        output="\n".join(filter(None, lines)) or None,
        location=place(path_of(text_of(item, "Affects")), text_of(item, "Parameter") or _cookie(item)),
    )


def _cookie(item: Element) -> str:
    """Return the cookie that an item is about, which its details alone name."""
    found = _COOKIE.match(plain(text_of(item, "Details")))
    return found.group(1) if found else ""


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT else 0


PARSER = ImportParser(name="acunetix_xml", title="Acunetix XML", detects=detects, parse=parse)
