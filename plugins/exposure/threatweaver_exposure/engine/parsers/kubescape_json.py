"""Kubescape's JSON (version 2): controls that resources of a cluster, or of its manifests, failed."""

from collections.abc import Iterator, Mapping
from datetime import datetime
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
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.words import (
    cves,
    first,
    mapping,
    place,
    score,
    sequence,
    severity,
    severity_of_score,
)

_CONTROLS = "summaryDetails.controls.*"
_SOURCES = "resources.[]"
_RESULTS = "results.[]"
_TIME = "generationTime"
_CLUSTERS = ("clusterName", "metadata.targetMetadata.clusterContextMetadata.contextName")
_REPOSITORY = "metadata.targetMetadata.gitRepoContextMetadata.remoteURL"
_RAN = ("passed", "failed")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "", finished_at=UNDATED)  # what it is about is said at the end
    report = _Report()
    about: dict[str, str] = {}
    for path, value in items(stream, _CONTROLS, _SOURCES, _RESULTS, _TIME, *_CLUSTERS, _REPOSITORY):
        if path == _CONTROLS:
            report.describe(mapping(value))
        elif path == _SOURCES:
            report.locate(mapping(value))
        elif path == _RESULTS:
            yield from report.results(mapping(value))
        else:
            about[path] = first(value)
    if not report.ran and not about:
        raise ReportError(ReportFault.UNSUPPORTED, "the report has no results of Kubescape")
    yield _asset(about)
    yield Coverage(frozenset(report.ran))


class _Report:
    """What a report says of controls and resources before it comes to the results."""

    def __init__(self) -> None:
        self.ran: set[str] = set()
        self._severities: dict[str, int] = {}
        self._families: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._known: set[str] = set()

    def describe(self, control: Mapping[str, Any]) -> None:
        """Take a control of the summary."""
        check = first(control.get("controlID"))[:200]
        self._note(check, control)
        # The bands of Kubescape's factor are those of CVSS.
        self._severities[check] = severity(
            control.get("severity"), severity_of_score(score(control.get("scoreFactor")))
        )
        self._families[check] = first(mapping(control.get("category")).get("name"))

    def locate(self, resource: Mapping[str, Any]) -> None:
        """Take a resource: its file has a name here, and only a digest of that in its id."""
        name, file = (
            first(resource.get("resourceID")),
            first(mapping(resource.get("source")).get("relativePath")),
        )
        if name and file:
            self._files[name] = file

    def results(self, result: Mapping[str, Any]) -> Iterator[Record]:
        """Yield the findings of one resource."""
        resource = first(result.get("resourceID"))
        for control in map(mapping, sequence(result.get("controls"))):
            check = first(control.get("controlID"))[:200]
            if check and self._note(check, control) == "failed":
                if check not in self._known:
                    self._known.add(check)
                    yield self._definition(check, first(control.get("name"), check))
                yield Finding(
                    0,
                    check,
                    self._severities.get(check, 0),
                    output="\n".join(_evidence(resource, control)),
                    location=self._location(resource),
                )

    def _note(self, check: str, control: Mapping[str, Any]) -> str:
        status = first(mapping(control.get("status")).get("status"), control.get("status"))
        if check and status in _RAN:
            self.ran.add(check)
        return status

    def _definition(self, check: str, name: str) -> Definition:
        return Definition(check, name, family=self._families.get(check, ""), cves=cves(name))

    def _location(self, resource: str) -> str:
        file = self._files.get(resource)
        return place(file, resource.partition("/")[2]) if file else place(resource)


def _evidence(resource: str, control: Mapping[str, Any]) -> Iterator[str]:
    yield resource
    for rule in map(mapping, sequence(control.get("rules"))):
        if rule.get("status") == "failed":
            yield first(rule.get("name"))
            for path in map(mapping, sequence(rule.get("paths"))):
                fix = mapping(path.get("fixPath"))
                at = first(path.get("failedPath"), path.get("reviewPath"), path.get("deletePath"))
                yield f"  {at}" if at else f"  set {fix.get('path')} to {fix.get('value')}"


def _asset(about: Mapping[str, str]) -> Asset:
    cluster = first(*map(about.get, _CLUSTERS))
    repository = about.get(_REPOSITORY, "")
    identifiers = [("application", cluster), ("repository", repository)]
    return Asset(
        0,
        cluster or repository,
        identifiers=tuple(pair for pair in identifiers if pair[1]),
        finished_at=_time(about.get(_TIME)) or UNDATED,
    )


def _time(text: str | None) -> datetime | None:
    moment = read_time(text)
    return moment if moment is not None and moment.year > 1 else None  # year 1 stands for no time


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: a summary of controls beside what only Kubescape says."""
    seen = peek(head)
    return (
        CERTAIN if seen.has("summaryDetails", "generationTime") or seen.has("summaryDetails.controls") else 0
    )


PARSER = ImportParser(name="kubescape_json", title="Kubescape JSON", detects=detects, parse=parse)
