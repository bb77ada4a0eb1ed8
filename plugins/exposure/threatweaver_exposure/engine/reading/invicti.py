"""The JSON of Netsparker and of Acunetix 360: one format, for both are Invicti's."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO

from threatweaver.reports import UNDATED, Definition, Finding, Record
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.web import Sites, at, hrefs, rated, read_duration, read_moment, rule
from threatweaver_exposure.engine.reading.words import (
    cves,
    cwes,
    first,
    mapping,
    path_of,
    place,
    plain,
    sequence,
    severity,
)

_ACUNETIX = (b"acunetix360", b"acunetix 360")


def product(head: bytes) -> str:
    """Return which product wrote a report, "" if none of the two.

    Their reports differ in nothing but the product's name within texts: one without findings passes for
    Netsparker's.
    """
    if not peek(head).has("Target.ScanId", "Target.Url", "Vulnerabilities"):
        return ""
    said = head.lower()
    return "acunetix360" if any(name in said for name in _ACUNETIX) else "netsparker"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    sites, known, generated = Sites(), set[str](), None
    for path, value in items(stream, "Generated", "Target", "Vulnerabilities.[]"):
        if path == "Generated":
            generated = read_moment(value)
        elif path == "Target":
            target = mapping(value)
            sites.started_at = read_moment(target.get("Initiated"))
            sites.finished_at = _finished(target, sites.started_at) or generated or UNDATED
            yield from sites.seen(target.get("Url"))
        elif isinstance(value, dict):
            yield from sites.seen(value.get("Url"))
            check = rule(value.get("Type"), value.get("Name"))
            if check not in known:
                known.add(check)
                yield _definition(check, value)
            yield _finding(sites.number(value.get("Url")), check, value)


def _finished(target: Mapping[str, Any], started: datetime | None) -> datetime | None:
    duration = read_duration(target.get("Duration"))
    try:
        return started + duration if started is not None and duration is not None else None
    except OverflowError:
        return None


def _definition(check: str, found: Mapping[str, Any]) -> Definition:
    said = mapping(found.get("Classification"))
    ratings = [mapping(said.get(version)) for version in ("Cvss", "Cvss31", "Cvss40")]
    scores = rated(*(rating.get("Vector") for rating in ratings))
    return Definition(
        check,
        first(found.get("Name"), check),
        description=_texts(found, "Description", "Impact", "ExploitationSkills"),
        solution=_texts(found, "RemedialActions", "RemedialProcedure"),
        see_also=hrefs(found.get("ExternalReferences"), found.get("RemedyReferences")),
        cves=cves(*_known(found)),
        cwes=cwes(*str(said.get("Cwe") or "").split(",")),
        **scores,
    )


def _texts(found: Mapping[str, Any], *members: str) -> str:
    return "\n\n".join(filter(None, (plain(found.get(member)) for member in members)))


def _known(found: Mapping[str, Any]) -> list[str]:
    return [first(mapping(item).get("Title")) for item in sequence(found.get("KnownVulnerabilities"))]


def _finding(number: int, check: str, found: Mapping[str, Any]) -> Finding:
    request = mapping(found.get("HttpRequest"))
    parameters = [mapping(item) for item in sequence(request.get("Parameters"))]
    guilty = [item for item in parameters if item.get("Vulnerable") is True]
    extra = [mapping(item) for item in sequence(found.get("ExtraInformation"))]
    lines = [
        f"{first(request.get('Method'))} {first(found.get('Url'))}".strip(),
        f"Certainty {found.get('Certainty')}, state {first(found.get('State')) or 'unknown'}",
        *(f"Parameter {item.get('Name')}: {item.get('Value')}" for item in guilty),
        *(f"{item.get('Name')}: {item.get('Value')}" for item in extra),
        *_known(found),
        _texts(found, "ProofOfConcept"),
    ]
    return Finding(
        number,
        check,
        severity(found.get("Severity")),
        **at(found.get("Url")),
        output="\n".join(filter(None, lines)),
        location=place(
            first(request.get("Method")),
            path_of(found.get("Url")),
            *(first(item.get("Name")) for item in guilty),
        ),
    )
