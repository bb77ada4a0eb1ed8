"""The JSON of Burp Suite's REST API: issues of web applications, from a scan that may still run."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.burp import check_of, spot
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.web import Sites, at, hrefs
from threatweaver_exposure.engine.reading.words import cwes, first, mapping, plain, sequence, severity


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, known = Sites(), set[str]()
    for path, value in items(stream, "scan_status", "issue_events.[]"):
        if path == "scan_status":
            sites.finished_at = UNDATED if value == "succeeded" else None
            yield from sites.again()
        elif mapping(value).get("type") == "issue_found":
            issue = mapping(value.get("issue"))
            yield from sites.seen(issue.get("origin"))
            check = check_of(issue.get("type_index"), first(issue.get("name")))
            if check not in known:
                known.add(check)
                yield _definition(check, issue)
            yield _finding(sites, check, issue)


def _definition(check: str, issue: Mapping[str, Any]) -> Definition:
    return Definition(
        check,
        first(issue.get("name"), check),
        description=plain(issue.get("issue_background")),
        solution=plain(issue.get("remediation_background")),
        see_also=hrefs(issue.get("references"), issue.get("vulnerability_classifications")),
        cwes=cwes(plain(issue.get("vulnerability_classifications"))),
    )


def _finding(sites: Sites, check: str, issue: Mapping[str, Any]) -> Finding:
    url, caption = first(issue.get("origin")), first(issue.get("caption"))
    evidence = [mapping(item) for item in sequence(issue.get("evidence"))]
    lines = [
        f"{url}{caption}, confidence {first(issue.get('confidence')) or 'unknown'}",
        plain(issue.get("description")),
        plain(issue.get("remediation")),
        *(first(text) for item in evidence for text in sequence(item.get("information_items"))),
        *(first(mapping(item.get("request_response")).get("url")) for item in evidence),
    ]
    return Finding(
        sites.number(url),
        check,
        severity(issue.get("severity")),
        **at(url),
        output="\n".join(dict.fromkeys(filter(None, lines))),
        location=spot(first(issue.get("path")), caption),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: its events, with the numbers of the scan that come before them or an issue."""
    seen = peek(head)
    events = seen.has("issue_events") and (seen.has("scan_metrics") or seen.has("issue_events.[].issue"))
    return CERTAIN if events else 0


PARSER = ImportParser(name="burp_api_json", title="Burp Suite REST API JSON", detects=detects, parse=parse)
