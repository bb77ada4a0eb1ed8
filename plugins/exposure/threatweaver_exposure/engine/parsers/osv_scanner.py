"""`osv-scanner --format json`: vulnerabilities in the packages that lockfiles, folders and images hold."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Coverage, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.osv_entries import definition, purl_type, words
from threatweaver_exposure.engine.reading.packages import UNRATED, rated, refuse_others
from threatweaver_exposure.engine.reading.words import (
    first,
    mapping,
    place,
    purl,
    score,
    sequence,
    severity_of_score,
)

_Waiting = dict[str, Finding]

_PATHS = (
    "results.[].source",
    "results.[].packages.[].package",
    "results.[].packages.[].vulnerabilities.[]",
    "results.[].packages.[].groups.[]",
)
_UNKNOWN = -1
_MOST_WAITING = 10_000


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report; one package of an image may have megabytes of vulnerabilities."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose packages they are
    yield Coverage(None)  # every vulnerability is looked up for every package
    known, waiting = set[str](), _Waiting()
    source, package = "", mapping(None)
    for path, value in items(stream, *_PATHS):
        said = mapping(value)
        match path:
            case "results.[].source":
                source = first(said.get("path"))
            case "results.[].packages.[].package":
                yield from _released(waiting)
                package = said
            case "results.[].packages.[].groups.[]":
                yield from _grouped(said, waiting)
            case _ if said:
                yield from _vulnerability(said, package, source, known, waiting)
    yield from _released(waiting)
    if not known:
        refuse_others(stream, detects)


def _vulnerability(
    entry: Mapping[str, Any], package: Mapping[str, Any], source: str, known: set[str], waiting: _Waiting
) -> Iterator[Record]:
    ecosystem, name = first(package.get("ecosystem")), first(package.get("name"))
    described, kind = definition(entry, ecosystem.partition(":")[0]), purl_type(ecosystem)
    if described.check not in known:
        known.add(described.check)
        yield described
    finding = Finding(
        0,
        described.check,
        rated(described._asdict(), *words(entry), unrated=_UNKNOWN),
        output=f"{name} {first(package.get('version'), package.get('commit'))} in {source}",
        location=place(purl(kind, name.replace(":", "/") if kind == "maven" else name), source),
    )
    if finding.severity != _UNKNOWN:
        yield finding
        return
    if finding.check in waiting or len(waiting) > _MOST_WAITING:
        yield from _released(waiting)
    waiting[finding.check] = finding


def _grouped(group: Mapping[str, Any], waiting: _Waiting) -> Iterator[Finding]:
    """Yield what waited for its group, which has the highest score of all names of a vulnerability."""
    highest = score(group.get("max_severity"))
    severity = UNRATED if highest is None else severity_of_score(highest)
    for check in sequence(group.get("ids")):
        if (finding := waiting.pop(str(check), None)) is not None:
            yield finding._replace(severity=severity)


def _released(waiting: _Waiting) -> Iterator[Finding]:
    yield from (finding._replace(severity=UNRATED) for finding in waiting.values())
    waiting.clear()


def detects(head: bytes, _: str) -> int:
    """Say whether it is one; one without results shows its settings, or nothing at all."""
    seen = peek(head)
    if seen.has("results.[].source.path", "results.[].packages") or seen.has(
        "results", "experimental_config"
    ):
        return CERTAIN
    return 60 if seen.keys == {"", "results"} else 0


PARSER = ImportParser(name="osv_scanner", title="OSV-Scanner JSON", detects=detects, parse=parse)
