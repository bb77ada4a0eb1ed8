"""Hadolint's JSON: rules that Dockerfiles break."""

import re
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
from threatweaver_exposure.engine.reading.source import evidence, spot
from threatweaver_exposure.engine.reading.words import first, mapping, place, severity

_CODE = re.compile(r"(?:DL|SC)\d{1,6}", re.ASCII)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose Dockerfiles they are
    yield Coverage(None)
    known = set()
    for _, value in items(stream, "[]"):
        broken = mapping(value)
        check = check_id(broken.get("code"))
        if check not in known:
            known.add(check)
            yield _definition(check, first(broken.get("message")))
        yield _finding(check, broken)


def _definition(check: str, message: str) -> Definition:
    return Definition(check, message.partition(". ")[0] or check, family="Dockerfile", description=message)


def _finding(check: str, broken: Mapping[str, Any]) -> Finding:
    return Finding(
        0,
        check,
        severity(broken.get("level")),
        output=evidence(spot(broken.get("file"), broken.get("line")), broken.get("message")),
        location=place(first(broken.get("file"))),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one. ShellCheck, whose rules it takes over, writes codes as numbers."""
    seen = peek(head)
    code = seen.values.get("[].code")
    found = seen.has("[].level", "[].file", "[].message") and isinstance(code, str) and _CODE.fullmatch(code)
    return CERTAIN if found else 0


PARSER = ImportParser(name="hadolint_json", title="Hadolint JSON", detects=detects, parse=parse)
