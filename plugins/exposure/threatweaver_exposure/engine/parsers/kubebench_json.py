"""kube-bench's JSON: checks of the CIS benchmark that a Kubernetes node failed."""

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
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.words import MEDIUM, first, mapping, sequence

_SECTIONS = ("Controls.[].tests.[]", "[].tests.[]", "tests.[]")  # newest spelling first
_TOTALS = ("Totals.total_pass", "[].total_pass", "total_pass")
_RAN = ("PASS", "FAIL")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say which node it is about
    ran: set[str] = set()
    known: set[str] = set()
    told = False
    for path, value in items(stream, *_SECTIONS, *_TOTALS):
        told = True
        section = mapping(value) if path in _SECTIONS else {}
        for result in map(mapping, sequence(section.get("results"))):
            check, status = first(result.get("test_number"))[:200], first(result.get("status")).upper()
            if not check:
                continue
            if status in _RAN:
                ran.add(check)
            if status == "FAIL":
                if check not in known:
                    known.add(check)
                    yield _definition(check, result, first(section.get("desc")))
                yield _finding(check, result)
    if not told:
        raise ReportError(ReportFault.UNSUPPORTED, "the report has no tests of kube-bench")
    yield Coverage(frozenset(ran))  # a report on a node says nothing of the control plane's checks


def _definition(check: str, result: Mapping[str, Any], family: str) -> Definition:
    return Definition(
        check, first(result.get("test_desc"), check), family=family, solution=first(result.get("remediation"))
    )


def _finding(check: str, result: Mapping[str, Any]) -> Finding:
    labels = {
        "Audit": "audit",
        "Expected": "expected_result",
        "Found": "actual_value",
        "Reason": "reason",
    }
    said = ((label, first(result.get(member))) for label, member in labels.items())
    # kube-bench knows no severities
    return Finding(
        0, check, MEDIUM, output="\n".join(f"{label}: {text}" for label, text in said if text) or None
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: tests of groups, or none and their totals."""
    seen = peek(head)
    found = any(
        seen.has(f"{at}node_type", f"{at}tests") or seen.has(f"{at}tests.[].results.[].test_number")
        for at in ("Controls.[].", "[].", "")
    )
    return CERTAIN if found or seen.has("Controls", "Totals.total_pass") else 0


PARSER = ImportParser(name="kubebench_json", title="kube-bench JSON", detects=detects, parse=parse)
