"""WebInspect's XML (Micro Focus, Fortify): issues in the sessions of a scan of a web application."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.web import Sites, at, hrefs, rule
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

ROOT = "Sessions"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, known, url, parameter = Sites(), set[str](), "", ""
    for element in children(stream, ROOT, "Session", "Session/Issues"):
        if element.tag == "URL":
            url, parameter = (element.text or "").strip(), ""
            yield from sites.seen(url)
        elif element.tag == "AttackParamDescriptor":
            parameter = (element.text or "").strip()
        elif element.tag == "Issue":
            yield from sites.seen(url)
            check = rule(text_of(element, "VulnerabilityID"), text_of(element, "Name"))
            if check not in known:
                known.add(check)
                yield _definition(check, element)
            yield Finding(
                sites.number(url),
                check,
                _severity(text_of(element, "Severity")),
                **at(url),
                output="\n".join(filter(None, (url, parameter, text_of(element, "AttackHTTPRequest")))),
                location=place(path_of(url), parameter),
            )


def _definition(check: str, issue: Element) -> Definition:
    sections = {
        text_of(part, "Name"): text_of(part, "SectionText") for part in issue.iterfind("ReportSection")
    }
    kinds = [item for item in issue.iterfind("Classifications/Classification") if item.get("kind") == "CWE"]
    told = (plain(sections.get(name)) for name in ("Summary", "Implication", "Execution"))
    return Definition(
        check,
        text_of(issue, "Name") or check,
        family=text_of(issue, "CheckTypeID"),
        description="\n\n".join(filter(None, told)),
        solution=plain(sections.get("Fix")),
        see_also=hrefs(sections.get("Reference Info")),
        cves=cves(text_of(issue, "Name"), sections.get("Reference Info")),
        cwes=cwes(*(item.get("identifier") for item in kinds)),
    )


def _severity(level: str) -> int:
    """Return WebInspect's level, which is one of ours."""
    return int(level) if level in {str(known) for known in range(INFO, CRITICAL + 1)} else INFO


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if root_of(head) == ROOT else 0


PARSER = ImportParser(name="webinspect_xml", title="WebInspect XML", detects=detects, parse=parse)
