"""Gosec's JSON: flaws in Go source code."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import (
    CERTAIN,
    UNDATED,
    Asset,
    Coverage,
    Definition,
    Finding,
    ImportParser,
    Record,
)
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import (
    cwes,
    first,
    links,
    mapping,
    mark,
    place,
    sequence,
    severity,
)

_ERRORS = "Golang errors.*"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose code it is
    yield Coverage(None)
    failed = False
    known = set()
    for path, value in items(stream, _ERRORS, "Issues.[]"):
        if path == _ERRORS:
            failed = True  # a package that did not build was not looked at
            continue
        issue = mapping(value)
        check = check_id(issue.get("rule_id"))
        if check not in known:
            known.add(check)
            yield _definition(check, issue)
        yield _finding(check, issue)
    if failed:
        yield Asset(0, "")


def _definition(check: str, issue: Mapping[str, Any]) -> Definition:
    cwe = mapping(issue.get("cwe"))
    return Definition(
        check,
        first(issue.get("details"), check),
        family="Go",
        see_also=links(cwe.get("url"), cwe.get("URL")),
        cwes=cwes(cwe.get("id"), cwe.get("ID")),
    )


def _finding(check: str, issue: Mapping[str, Any]) -> Finding:
    suppressed = [
        f"suppressed: {first(mapping(item).get('justification'), mapping(item).get('kind'))}"
        for item in sequence(issue.get("suppressions"))
    ]
    return Finding(
        0,
        check,
        severity(issue.get("severity")),
        output=evidence(
            spot(issue.get("file"), issue.get("line")),
            issue.get("details"),
            issue.get("code"),
            labeled("confidence", issue.get("confidence")),
            *suppressed,
        ),
        location=place(first(issue.get("file")), mark(issue.get("code"))),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one; the names of its members are Go's, with capitals and a blank."""
    seen = peek(head)
    found = seen.has("Golang errors", "Issues") or seen.has("Issues.[].rule_id", "Issues.[].details")
    return CERTAIN if found else 0


PARSER = ImportParser(name="gosec_json", title="Gosec JSON", detects=detects, parse=parse)
