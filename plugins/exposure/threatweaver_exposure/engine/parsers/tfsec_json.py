"""tfsec's JSON: misconfigurations in Terraform code."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.words import INFO, first, links, mapping, mark, place, severity

_QUOTED = re.compile(r"'([^']+)'")
_PASSED, _IGNORED = 1, 2  # what newer versions say in `status`; 0 is failed


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose code it is
    yield Coverage(None)  # every rule runs on every file
    known: set[str] = set()
    for _, value in items(stream, "results.[]"):
        result = mapping(value)
        check = first(result.get("rule_id"), result.get("long_id"))[:200]
        if not check:
            continue
        if check not in known:
            known.add(check)
            yield _definition(check, result)
        yield _finding(check, result)


def _definition(check: str, result: Mapping[str, Any]) -> Definition:
    return Definition(
        check,
        first(result.get("rule_description"), check),
        family=first(result.get("rule_provider")),
        description=first(result.get("impact")),
        solution=first(result.get("resolution")),
        see_also=links(result.get("link"), result.get("links")),
        references=tuple({first(result.get("long_id"))} - {check, ""}),
    )


def _finding(check: str, result: Mapping[str, Any]) -> Finding:
    at, said = mapping(result.get("location")), first(result.get("description"))
    passed = result.get("passed") is True or result.get("status") == _PASSED
    state = "passed" if passed else "ignored" if result.get("status") == _IGNORED else ""
    where = f"{at.get('filename')}:{at.get('start_line')}-{at.get('end_line')}"
    return Finding(
        0,
        check,
        INFO if passed else severity(result.get("severity")),
        output="\n".join(filter(None, (where, said, state))),
        location=place(first(at.get("filename")), first(result.get("resource")) or _resource(said)),
    )


def _resource(said: str) -> str:
    """Return the resource that older versions name in their text only, else what stands for that text."""
    quoted = _QUOTED.search(said)
    return quoted.group(1) if quoted else mark(said)


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: results with tfsec's names, or none."""
    seen = peek(head)
    if seen.has("results.[].rule_id", "results.[].rule_description", "results.[].location.filename"):
        return CERTAIN
    # a run without results says `null`
    return 90 if seen.keys == {"", "results"} and "results" in seen.values else 0


PARSER = ImportParser(name="tfsec_json", title="tfsec JSON", detects=detects, parse=parse)
