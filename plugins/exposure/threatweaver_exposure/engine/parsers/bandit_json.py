"""Bandit's JSON: flaws in Python source code."""

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
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.words import cwes, first, links, mapping, mark, place, severity


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose code it is
    yield Coverage(None)  # every check runs on every file
    known = set()
    for path, found in items(stream, "generated_at", "results.[]"):
        if path == "generated_at":
            yield Asset(0, "", finished_at=read_time(found) or UNDATED)
            continue
        result = mapping(found)
        check = first(result.get("test_id"), result.get("test_name"), "unnamed")[:200]
        if check not in known:
            known.add(check)
            yield _definition(check, result)
        yield _finding(check, result)


def _definition(check: str, result: Mapping[str, Any]) -> Definition:
    return Definition(
        check,
        first(result.get("test_name"), check),
        family="Python",
        description=first(result.get("issue_text")),
        see_also=links(result.get("more_info")),
        cwes=cwes(mapping(result.get("issue_cwe")).get("id")),
    )


def _finding(check: str, result: Mapping[str, Any]) -> Finding:
    lines = (
        f"{result.get('filename')}:{result.get('line_number')}, confidence {result.get('issue_confidence')}"
    )
    return Finding(
        0,
        check,
        severity(result.get("issue_severity")),
        output="\n".join(filter(None, (lines, first(result.get("issue_text")), first(result.get("code"))))),
        location=place(result.get("filename"), mark(result.get("code"))),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: results with Bandit's names, or none and its metrics."""
    seen = peek(head)
    found = seen.has("results.[].test_id", "results.[].issue_severity") or seen.has(
        "metrics._totals", "generated_at"
    )
    return CERTAIN if found else 0


PARSER = ImportParser(name="bandit_json", title="Bandit JSON", detects=detects, parse=parse)
