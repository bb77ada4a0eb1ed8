"""Grype's JSON: known flaws in the packages of a container image or a folder."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.components import (
    elsewhere,
    folder,
    others,
    package,
    scores,
    sections,
    unversioned,
)
from threatweaver_exposure.engine.reading.json_items import peek
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    first,
    links,
    mapping,
    place,
    probability,
    sequence,
    severity,
)

_TIME = "descriptor.timestamp"
_MATCH = "matches.[]"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    about: dict[str, Any] = {}
    yield _asset(about)
    yield Coverage(None)  # every package is looked up
    known = set()
    for path, value in sections(stream, "source", "distro", _TIME, _MATCH):
        if path != _MATCH:
            about[path] = value
            yield _asset(about)
            continue
        match = mapping(value)
        flaw = mapping(match.get("vulnerability"))
        check = first(flaw.get("id"), "unknown")[:200]
        if check not in known:
            known.add(check)
            yield _definition(check, match)
        yield _finding(check, match)


def _asset(about: Mapping[str, Any]) -> Asset:
    source, distro = mapping(about.get("source")), mapping(about.get("distro"))
    target = mapping(source.get("target"))
    image = first(*sequence(target.get("tags")), target.get("userInput"))
    name = image or folder(source.get("target"))
    kind = "image" if source.get("type") == "image" else "application"
    return Asset(
        0,
        name,
        identifiers=((kind, name),) if name else (),
        operating_system=f"{first(distro.get('name'))} {first(distro.get('version'))}".strip() or None,
        finished_at=read_time(first(about.get(_TIME))) or UNDATED,
    )


def _definition(check: str, match: Mapping[str, Any]) -> Definition:
    # The record of a distribution says little; those related to it, of the NVD as a rule, say the rest.
    flaws = [
        mapping(match.get("vulnerability")),
        *map(mapping, sequence(match.get("relatedVulnerabilities"))),
    ]
    ids = [first(flaw.get("id")) for flaw in flaws]
    epss = [mapping(item).get("epss") for flaw in flaws for item in sequence(flaw.get("epss"))]
    weaknesses = [mapping(item).get("cwe") for flaw in flaws for item in sequence(flaw.get("cwes"))]
    advisories = [mapping(item) for item in sequence(flaws[0].get("advisories"))]
    return Definition(
        check,
        check,
        family=first(flaws[0].get("namespace")),
        description=first(*(flaw.get("description") for flaw in flaws)),
        solution=_solution(match),
        see_also=links(*(flaw.get(key) for flaw in flaws for key in ("dataSource", "urls", "links"))),
        cves=cves(*ids),
        cwes=cwes(*weaknesses),
        epss_score=next(filter(None, map(probability, epss)), None),
        kev=True if any(flaw.get("knownExploited") for flaw in flaws) else None,
        references=others(check, *ids, *(item.get("id") for item in advisories)),
        **scores(*(rating for flaw in flaws for rating in _ratings(flaw))),
    )


def _ratings(flaw: Mapping[str, Any]) -> Iterator[tuple[object, object]]:
    listed = [mapping(item) for item in sequence(flaw.get("cvss"))]
    for item in sorted(listed, key=lambda item: item.get("type") == "Secondary"):
        yield item.get("vector"), mapping(item.get("metrics")).get("baseScore")
    for version in ("cvssV2", "cvssV3"):  # before 0.8
        item = mapping(flaw.get(version))
        yield item.get("vector"), item.get("baseScore")


def _fixes(flaw: Mapping[str, Any]) -> str:
    versions = sequence(mapping(flaw.get("fix")).get("versions"))
    return " or ".join(filter(None, map(first, versions))) or first(flaw.get("fixedInVersion"))


def _solution(match: Mapping[str, Any]) -> str:
    fixes = _fixes(mapping(match.get("vulnerability")))
    return f"Update {first(mapping(match.get('artifact')).get('name'))} to {fixes}." if fixes else ""


def _finding(check: str, match: Mapping[str, Any]) -> Finding:
    flaw, artifact = mapping(match.get("vulnerability")), mapping(match.get("artifact"))
    name, version = first(artifact.get("name")), first(artifact.get("version"))
    paths = [first(mapping(item).get("path")) for item in sequence(artifact.get("locations"))]
    fix = _fixes(flaw) or first(mapping(flaw.get("fix")).get("state"))
    lines = (f"{name} {version} ({first(artifact.get('type'))})", f"fix: {fix}" if fix else "", *paths)
    return Finding(
        0,
        check,
        severity(flaw.get("severity")),
        output="\n".join(filter(None, lines)),
        location=place(
            unversioned(artifact.get("purl")) or package(artifact.get("type"), name),
            elsewhere(next(filter(None, paths), ""), version),
        ),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: matches of artifacts, or none and what the scanner says of itself."""
    seen = peek(head)
    found = seen.has("matches.[].vulnerability", "matches.[].artifact") or (
        seen.has("matches") and (seen.values.get("descriptor.name") == "grype" or seen.has("source.target"))
    )
    return CERTAIN if found else 0


PARSER = ImportParser(name="grype_json", title="Grype JSON", detects=detects, parse=parse)
