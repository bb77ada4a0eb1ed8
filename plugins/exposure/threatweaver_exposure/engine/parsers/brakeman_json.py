"""Brakeman's JSON: flaws in Ruby on Rails applications."""

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
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import (
    LOW,
    cves,
    cwes,
    first,
    links,
    mapping,
    mark,
    place,
    sequence,
    severity,
)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report. Warnings that its users chose to ignore are none."""
    yield Asset(0, "", finished_at=UNDATED)  # the report says in which folder the code was, not whose it is
    yield Coverage(None)
    info: Mapping[str, Any] = {}
    failed = False
    known = set()
    for path, value in items(stream, "scan_info", "warnings.[]", "errors.[]"):
        if path == "scan_info":
            info = mapping(value)
        elif path == "errors.[]":
            failed = True  # a file that Brakeman could not read: its flaws may still be there
        else:
            warning = mapping(value)
            check = check_id(warning.get("warning_code"), warning.get("check_name"))
            if check not in known:
                known.add(check)
                yield _definition(check, warning)
            yield _finding(check, warning)
    ended = None if failed else read_time(info.get("end_time")) or UNDATED
    yield Asset(0, "", started_at=read_time(info.get("start_time")), finished_at=ended)


def _definition(check: str, warning: Mapping[str, Any]) -> Definition:
    message = first(warning.get("message"))
    return Definition(
        check,
        first(warning.get("warning_type"), check),
        family=first(warning.get("check_name")),
        description=message,
        see_also=links(warning.get("link")),
        cves=cves(message),
        cwes=cwes(*sequence(warning.get("cwe_id"))),
    )


def _finding(check: str, warning: Mapping[str, Any]) -> Finding:
    code = first(warning.get("code"))
    return Finding(
        0,
        check,
        severity(warning.get("confidence"), LOW),  # Brakeman ranks by it: High, Medium, Weak
        output=evidence(
            spot(warning.get("file"), warning.get("line")),
            warning.get("message"),
            code,
            labeled("user input", warning.get("user_input")),
            labeled("confidence", warning.get("confidence")),
        ),
        location=place(first(warning.get("file")), mark(code)),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    seen = peek(head)
    found = seen.has("scan_info.brakeman_version") or seen.has(
        "warnings.[].warning_code", "warnings.[].confidence"
    )
    return CERTAIN if found else 0


PARSER = ImportParser(name="brakeman_json", title="Brakeman JSON", detects=detects, parse=parse)
