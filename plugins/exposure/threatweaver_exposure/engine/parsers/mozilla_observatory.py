"""The JSON of Mozilla's HTTP Observatory: what the security headers of a site lack."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO

from threatweaver.reports import (
    CERTAIN,
    UNDATED,
    Coverage,
    Definition,
    Finding,
    ImportParser,
    Record,
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.web import Sites, read_moment, rule
from threatweaver_exposure.engine.reading.words import (
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    first,
    mapping,
    number,
    sequence,
)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report: it has a dozen tests, with the scan they are of or alone."""
    report = next((mapping(value) for _, value in items(stream, "")), mapping(None))
    scan = mapping(report.get("scan"))
    tests = {
        rule(name): test for name, test in mapping(report.get("tests", report)).items() if _is_test(test)
    }
    if not tests:
        raise ReportError(ReportFault.UNSUPPORTED, "the report has no tests of the Observatory")
    site = _site(tests)
    sites = Sites(read_moment(scan.get("start_time")), _finished(scan))
    yield from sites.seen(site)
    yield Coverage(frozenset(tests))
    for check, test in tests.items():
        if test.get("pass") is False:
            yield Definition(
                check,
                check.replace("-", " ").capitalize(),
                family="HTTP headers",
                synopsis=f"Expected: {first(test.get('expectation'))}",
            )
            yield _finding(sites.number(site), check, test)


def _is_test(value: object) -> bool:
    return isinstance(value, dict) and "pass" in value and "expectation" in value


def _site(tests: Mapping[str, Any]) -> str:
    """Return the URL that was looked at: only the test of its redirection says so."""
    test = mapping(tests.get("redirection"))
    said = mapping(test.get("output", test))
    return first(*sequence(said.get("route")), said.get("destination"))


def _finished(scan: Mapping[str, Any]) -> datetime | None:
    if first(scan.get("state")) not in {"", "FINISHED"}:
        return None
    return read_moment(scan.get("end_time")) or UNDATED


def _finding(asset: int, check: str, test: Mapping[str, Any]) -> Finding:
    said = mapping(test.get("output", test)).get("data")
    lines = [
        first(test.get("score_description"), test.get("scoreDescription")),
        f"Result: {first(test.get('result'))}",
        f"Data: {said}"[:2000] if said else "",
    ]
    return Finding(asset, check, _severity(test), output="\n".join(filter(None, lines)))


def _severity(test: Mapping[str, Any]) -> int:
    """Return a severity for the points that the Observatory takes off: it has no other word for it."""
    points = -(number(test.get("score_modifier", test.get("scoreModifier"))) or 0)
    if points <= 0:
        return INFO
    return LOW if points <= 10 else MEDIUM if points <= 25 else HIGH


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: a test with what was expected and how much it counts."""
    seen = peek(head).keys
    tests = (key.removesuffix(".expectation") for key in seen if key.endswith(".expectation"))
    found = any(f"{test}.pass" in seen and f"{test}.result" in seen for test in tests)
    return CERTAIN if found else 0


PARSER = ImportParser(
    name="mozilla_observatory", title="Mozilla Observatory JSON", detects=detects, parse=parse
)
