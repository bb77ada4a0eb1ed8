"""Burp Suite's XML: issues of web applications."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.growing import Element
from threatweaver_exposure.engine.reading.burp import check_of, spot
from threatweaver_exposure.engine.reading.web import Sites, at, hrefs, read_moment
from threatweaver_exposure.engine.reading.words import cves, cwes, plain, severity
from threatweaver_exposure.engine.reading.xml_children import children, root_of, text_of

ROOT = "issues"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, known = Sites(), set[str]()
    for issue in children(stream, ROOT):
        if issue.tag != "issue":
            continue
        sites.finished_at = read_moment(issue.getparent().get("exportTime")) or UNDATED
        host = issue.find("host")
        yield from sites.seen(text_of(issue, "host"), host.get("ip") if host is not None else "")
        check = check_of(text_of(issue, "type"), text_of(issue, "name"))
        if check not in known:
            known.add(check)
            yield _definition(check, issue)
        yield _finding(sites, check, issue)


def _definition(check: str, issue: Element) -> Definition:
    references = text_of(issue, "references")
    return Definition(
        check,
        text_of(issue, "name") or check,
        description=plain(text_of(issue, "issueBackground")),
        solution=plain(text_of(issue, "remediationBackground")),
        see_also=hrefs(references, text_of(issue, "vulnerabilityClassifications")),
        cves=cves(references),
        cwes=cwes(plain(text_of(issue, "vulnerabilityClassifications"))),
    )


def _finding(sites: Sites, check: str, issue: Element) -> Finding:
    url = text_of(issue, "host")
    lines = [
        f"{url}{text_of(issue, 'location')}, confidence {text_of(issue, 'confidence').lower() or 'unknown'}",
        plain(text_of(issue, "issueDetail")),
        plain(text_of(issue, "remediationDetail")),
        *(plain(item.text) for item in issue.iterfind("issueDetailItems/issueDetailItem")),
    ]
    return Finding(
        sites.number(url),
        check,
        severity(text_of(issue, "severity")),
        **at(url),
        output="\n".join(filter(None, lines)),
        location=spot(text_of(issue, "path"), text_of(issue, "location")),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: others call their root the same."""
    return CERTAIN if root_of(head) == ROOT and b"burpVersion" in head.replace(b"\0", b"") else 0


PARSER = ImportParser(name="burp_xml", title="Burp Suite XML", detects=detects, parse=parse)
