"""Dependency-Track's Finding Packaging Format: known flaws in the components of a project."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_day, read_time
from threatweaver_exposure.engine.reading.components import others, scores, sections, unversioned
from threatweaver_exposure.engine.reading.json_items import peek
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    first,
    links,
    mapping,
    place,
    probability,
    purl,
    sequence,
    severity,
)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    about: dict[str, Mapping[str, Any]] = {}
    yield _asset(about)
    yield Coverage(None)  # the server knows every flaw of every component
    known = set()
    for path, value in sections(stream, "meta", "project", "findings.[]"):
        said = mapping(value)
        if path != "findings.[]":
            about[path] = said
            yield _asset(about)
            continue
        check = _check(mapping(said.get("vulnerability")))
        if check not in known:
            known.add(check)
            yield _definition(check, mapping(said.get("vulnerability")))
        yield _finding(check, said)


def _asset(about: Mapping[str, Mapping[str, Any]]) -> Asset:
    name = first(about.get("project", {}).get("name"))
    return Asset(
        0,
        name,
        identifiers=(("application", name),) if name else (),
        finished_at=read_time(first(about.get("meta", {}).get("timestamp"))) or UNDATED,
    )


def _check(flaw: Mapping[str, Any]) -> str:
    said = first(flaw.get("vulnId"), flaw.get("uuid"), "unknown")
    # advisories of npm were mere numbers, which others number by as well
    return (f"{first(flaw.get('source'))}-{said}" if said.isdecimal() else said)[:200]


def _definition(check: str, flaw: Mapping[str, Any]) -> Definition:
    aliases = [item for alias in sequence(flaw.get("aliases")) for item in mapping(alias).values()]
    weaknesses = [mapping(item).get("cweId") for item in sequence(flaw.get("cwes"))]
    return Definition(
        check,
        first(flaw.get("title"), check),
        family=first(flaw.get("source")),
        synopsis=first(flaw.get("subtitle")),
        description=first(flaw.get("description")),
        solution=first(flaw.get("recommendation")),
        see_also=links(flaw.get("references")),
        cves=cves(check, *aliases),
        cwes=cwes(flaw.get("cweId"), *weaknesses),
        epss_score=probability(flaw.get("epssScore")),
        published_on=read_day(first(flaw.get("published"))),
        references=others(check, *(item for item in aliases if isinstance(item, str))),
        **_scores(flaw),
    )


def _scores(flaw: Mapping[str, Any]) -> dict[str, Any]:
    rated = [
        (flaw.get(f"cvssV{version}Vector"), flaw.get(f"cvssV{version}BaseScore")) for version in (2, 3, 4)
    ]
    return scores(*rated)


def _finding(check: str, said: Mapping[str, Any]) -> Finding:
    component, analysis = mapping(said.get("component")), mapping(said.get("analysis"))
    name, group = first(component.get("name")), first(component.get("group"))
    lines = [
        " ".join(filter(None, (group, name, first(component.get("version"))))),
        first(component.get("purl")),
    ]
    if state := first(analysis.get("state")):
        lines.append(f"analysis: {state}")
    if analysis.get("isSuppressed") is True:
        lines.append("suppressed")
    return Finding(
        0,
        check,
        severity(mapping(said.get("vulnerability")).get("severity")),
        output="\n".join(filter(None, lines)) or None,
        location=place(unversioned(component.get("purl")) or (purl("generic", name, group) if name else "")),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: by the name of the application, or by what only its findings have."""
    seen = peek(head)
    named = seen.values.get("meta.application") == "Dependency-Track"
    found = named or seen.has("findings.[].vulnerability.vulnId", "findings.[].component")
    return CERTAIN if found else 0


PARSER = ImportParser(
    name="dependency_track_fpf", title="Dependency-Track findings (FPF)", detects=detects, parse=parse
)
