"""Checkov's JSON: misconfigurations in infrastructure as code."""

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
from threatweaver_exposure.engine.reading.words import (
    MEDIUM,
    cves,
    cvss,
    first,
    links,
    mapping,
    place,
    sequence,
    severity,
)

_FAILED = ("results.failed_checks.[]", "[].results.failed_checks.[]")  # of one framework, of several
_FRAMEWORK = ("check_type", "[].check_type")
_NOTHING = "checkov_version"  # a run that found no code says this instead


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose code it is
    yield Coverage(None)  # every check runs on every file
    known: set[str] = set()
    framework = None
    for path, value in items(stream, *_FRAMEWORK, *_FAILED, _NOTHING):
        if path not in _FAILED:
            framework = first(value)
            continue
        failed = mapping(value)
        flaw = mapping(failed.get("vulnerability_details"))  # of a package, when those are scanned too
        check = first(flaw.get("id"), failed.get("check_id"), failed.get("check_name"))[:200]
        if not check:
            continue
        if check not in known:
            known.add(check)
            yield _definition(check, failed, flaw, framework or "")
        yield _finding(check, failed, flaw)
    if framework is None:
        raise ReportError(ReportFault.UNSUPPORTED, "the report has no results of Checkov")


def _definition(check: str, failed: Mapping[str, Any], flaw: Mapping[str, Any], family: str) -> Definition:
    return Definition(
        check,
        first(failed.get("check_name"), check),
        family=family,
        description=first(flaw.get("description"), failed.get("description")),
        see_also=links(failed.get("guideline"), flaw.get("link")),
        cves=cves(flaw.get("id")),
        **cvss(flaw.get("vector")),
    )


def _finding(check: str, failed: Mapping[str, Any], flaw: Mapping[str, Any]) -> Finding:
    return Finding(
        0,
        check,
        # without an account at its vendor, Checkov gives no severity
        severity(first(failed.get("severity"), flaw.get("severity")), MEDIUM),
        output="\n".join(_evidence(failed, flaw)),
        location=place(first(failed.get("file_path")), first(failed.get("resource"))),
    )


def _evidence(failed: Mapping[str, Any], flaw: Mapping[str, Any]) -> Iterator[str]:
    lines = "-".join(str(line) for line in sequence(failed.get("file_line_range")))
    yield f"{failed.get('file_path')}:{lines}"
    if flaw:
        yield f"{flaw.get('package_name')} {flaw.get('package_version')}: {flaw.get('status')}"
    looked_at = [str(key) for key in sequence(mapping(failed.get("check_result")).get("evaluated_keys"))]
    if looked_at:
        yield f"looked at: {', '.join(looked_at)}"
    for line in sequence(failed.get("code_block")):
        if isinstance(line, list) and len(line) == 2:
            yield f"{line[0]} {line[1]}".rstrip()


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: results of a framework or of several, or none and Checkov's version."""
    seen = peek(head)
    found = any(
        seen.has(f"{at}check_type")
        and (seen.has(f"{at}results.passed_checks") or seen.has(f"{at}results.failed_checks"))
        for at in ("", "[].")
    )
    return CERTAIN if found or seen.has("checkov_version", "passed", "failed") else 0


PARSER = ImportParser(name="checkov_json", title="Checkov JSON", detects=detects, parse=parse)
