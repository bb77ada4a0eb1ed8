"""`npm audit --json` since npm 7: the packages of a JavaScript project that advisories make vulnerable."""

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
from threatweaver_exposure.engine.reading.packages import check_id, ghsa, rated, refuse_others, scored
from threatweaver_exposure.engine.reading.words import cwes, first, links, mapping, place, purl, sequence

_DEPENDS = Definition(
    "vulnerable-dependency",
    "Depends on vulnerable packages",
    family="npm",
    description="The package has no advisory of its own, but it needs one that has.",
)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose packages they are
    yield Coverage(None)  # every advisory is looked up for every package
    known = set[str]()
    for _, package in items(stream, "vulnerabilities.*"):
        if isinstance(package, dict):
            yield from _package(package, known)
    if not known:
        refuse_others(stream, detects)


def _package(package: Mapping[str, Any], known: set[str]) -> Iterator[Record]:
    definitions = [_DEPENDS]
    severity = rated({}, package.get("severity"))
    advisories = [_advisory(via) for via in sequence(package.get("via")) if isinstance(via, dict)]
    if advisories:
        # A package is one finding: of its worst advisory, whatever the order. The others are in the output.
        worst = min(advisories, key=lambda item: (-item[0], item[1].check))
        definitions = [definition for _, definition in advisories]
        definitions.insert(0, definitions.pop(definitions.index(worst[1])))
    for definition in definitions:
        if definition.check not in known:
            known.add(definition.check)
            yield definition
    yield Finding(
        0,
        definitions[0].check,
        severity,
        output="\n".join(_lines(package, advisories)),
        location=place(purl("npm", package.get("name"))),
    )


def _advisory(via: Mapping[str, Any]) -> tuple[int, Definition]:
    said = mapping(via.get("cvss"))
    scores = scored(said.get("vectorString"), said.get("score"))
    check = check_id(*ghsa(via.get("url")), via.get("source"), via.get("url"))
    definition = Definition(
        check,
        first(via.get("title"), check),
        family="npm",
        synopsis=f"Affects {first(via.get('name'))} {first(via.get('range'))}".strip(),
        see_also=links(via.get("url")),
        cwes=cwes(via.get("cwe")),
        references=ghsa(check),
        **scores,
    )
    return rated(scores, via.get("severity")), definition


def _lines(package: Mapping[str, Any], advisories: list[tuple[int, Definition]]) -> Iterator[str]:
    yield f"{first(package.get('name'))} {first(package.get('range'))}"
    for _, definition in advisories:
        yield f"{definition.check}: {definition.name}"
    through = [via for via in sequence(package.get("via")) if isinstance(via, str)]
    if through:
        yield f"through {', '.join(through)}"
    yield from (f"in {node}" for node in sequence(package.get("nodes")))
    fix = mapping(package.get("fixAvailable"))
    if fix:
        change = ", a breaking change" if fix.get("isSemVerMajor") is True else ""
        yield f"fixed by {first(fix.get('name'))} {first(fix.get('version'))}{change}"


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    return CERTAIN if peek(head).has("auditReportVersion", "vulnerabilities") else 0


PARSER = ImportParser(
    name="npm_audit7", title="npm audit JSON (npm 7 and later)", detects=detects, parse=parse
)
