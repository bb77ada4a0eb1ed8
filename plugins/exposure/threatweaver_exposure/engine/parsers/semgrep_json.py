"""Semgrep's JSON: flaws in source code of many languages."""

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
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    first,
    links,
    mapping,
    mark,
    place,
    severity,
)

_LOGIN = "requires login"  # stands where a newer version keeps the code to those with an account
_OWASP = re.compile(r"A\d{1,2}(?::\d{4})?", re.ASCII)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose code it is
    yield Coverage(None)
    failed = False
    known = set()
    for path, value in items(stream, "results.[]", "errors.[].level"):
        if path != "results.[]":
            failed |= value == "error"  # a warning is a file that it could read in part
            continue
        result = mapping(value)
        check = check_id(result.get("check_id"))
        if check not in known:
            known.add(check)
            yield _definition(check, mapping(result.get("extra")))
        yield _finding(check, result)
    if failed:
        yield Asset(0, "")


def _definition(check: str, extra: Mapping[str, Any]) -> Definition:
    said = mapping(extra.get("metadata"))
    return Definition(
        check,
        check.rpartition(".")[2] or check,
        family=first(said.get("category")),
        description=first(extra.get("message")),
        see_also=links(said.get("references"), said.get("source"), said.get("source-rule-url")),
        cves=cves(check, said.get("cve")),
        cwes=cwes(*_listed(said.get("cwe"))),
        references=tuple(
            f"OWASP:{found.group()}"
            for text in _listed(said.get("owasp"))
            if (found := _OWASP.match(str(text)))
        ),
    )


def _listed(value: object) -> list[Any]:
    """Return a list; the member of one may stand without it."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _finding(check: str, result: Mapping[str, Any]) -> Finding:
    extra = mapping(result.get("extra"))
    said = mapping(extra.get("metadata"))
    code = _code(extra)
    return Finding(
        0,
        check,
        severity(extra.get("severity")),
        output=evidence(
            spot(result.get("path"), mapping(result.get("start")).get("line")),
            extra.get("message"),
            code,
            labeled("fix", extra.get("fix")),
            labeled("confidence", said.get("confidence")),
            "ignored by a comment in the code" if extra.get("is_ignored") is True else "",
        ),
        location=place(first(result.get("path")), mark(code)),
    )


def _code(extra: Mapping[str, Any]) -> str:
    """Return the code that was found, or what its variables stand for."""
    lines = extra.get("lines")
    if isinstance(lines, str) and lines.strip() != _LOGIN:
        return lines
    bound = mapping(extra.get("metavars"))
    return "\n".join(
        f"{name} = {first(mapping(bound[name]).get('abstract_content'))}" for name in sorted(bound)
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: results with Semgrep's names, or none and nothing that another tool adds."""
    seen = peek(head)
    if seen.has("results.[].check_id", "results.[].extra") or seen.has("results", "errors", "paths.scanned"):
        return CERTAIN
    bare = seen.has("results", "errors") and not seen.has("results.[]")
    return 60 if bare else 0


PARSER = ImportParser(name="semgrep_json", title="Semgrep JSON", detects=detects, parse=parse)
