"""Snyk's JSON: known flaws in the dependencies of one project, of several, or of a container image."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, UNDATED, Asset, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.reading.components import others, package, scores, sections
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

_IMAGE = "docker-image|"
_NAME = "projectName"
_FLAW = "vulnerabilities.[]"
_PATHS = [f"{start}{end}" for start in ("", "[].") for end in (_NAME, _FLAW, f"applications.[].{_FLAW}")]
_EXPLOITED = {"proof of concept", "functional", "high", "mature", "attacked"}


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Coverage(None)  # every dependency is looked up
    projects = _Projects()
    known = set()
    for path, value in sections(stream, *_PATHS):
        if path.endswith(_NAME):
            yield from projects.ends(first(value))
            continue
        flaw = mapping(value)
        yield from projects.holds(flaw, inside="applications" in path)
        check = first(flaw.get("id"), "unknown")[:200]
        if check not in known:
            known.add(check)
            yield _definition(check, flaw)
        yield _finding(projects.number, check, flaw)


class _Projects:
    """Tells which project a flaw is of: its name comes after its flaws, and each flaw says it as well."""

    def __init__(self) -> None:
        self.number = 0
        self._begun = self._ended = False

    def holds(self, flaw: Mapping[str, Any], *, inside: bool) -> Iterator[Asset]:
        """Take a flaw: of the next project if the last has ended, but what is in an image is its own."""
        if self._ended and not inside:
            self._next()
        if not self._begun:
            self._begun = True
            root = first(next(iter(sequence(flaw.get("from"))), ""))
            name, _, version = root.rpartition("@")
            tagged = f"{name}:{version}" if root.startswith(_IMAGE) and version else name
            yield _asset(self.number, tagged or root)

    def ends(self, name: str) -> Iterator[Asset]:
        """Take the name of the project whose flaws came; that of an image lacks the tag that they say."""
        if self._ended:
            self._next()
        if not (self._begun and name.startswith(_IMAGE)):
            yield _asset(self.number, name)
        self._begun = self._ended = True

    def _next(self) -> None:
        self.number += 1
        self._begun = self._ended = False


def _asset(number: int, said: str) -> Asset:
    kind = "image" if said.startswith(_IMAGE) else "application"
    name = said.removeprefix(_IMAGE)
    return Asset(number, name, identifiers=((kind, name),) if name else (), finished_at=UNDATED)


def _definition(check: str, flaw: Mapping[str, Any]) -> Definition:
    ids = mapping(flaw.get("identifiers"))
    named, title = first(flaw.get("packageName"), flaw.get("moduleName")), first(flaw.get("title"), check)
    references = (mapping(item).get("url") for item in sequence(flaw.get("references")))
    kinds = (kind for kind in ids if kind not in {"CVE", "CWE"})
    return Definition(
        check,
        f"{title} in {named}" if named else title,
        family=first(flaw.get("language")),
        description=first(flaw.get("description")),
        solution=_solution(named, flaw),
        see_also=links(
            f"https://security.snyk.io/vuln/{check}" if check.startswith("SNYK-") else "", *references
        ),
        cves=cves(*sequence(ids.get("CVE"))),
        cwes=cwes(*sequence(ids.get("CWE"))),
        epss_score=probability(mapping(flaw.get("epssDetails")).get("probability")),
        published_on=read_day(first(flaw.get("publicationTime"))),
        modified_on=read_day(first(flaw.get("modificationTime"))),
        exploit_available=True if first(flaw.get("exploit")).lower() in _EXPLOITED else None,
        references=others(check, *(item for kind in kinds for item in sequence(ids[kind]))),
        **scores(*_ratings(flaw)),
    )


def _ratings(flaw: Mapping[str, Any]) -> Iterator[tuple[object, object]]:
    """Yield the vectors and scores: Snyk's own first, then those of others."""
    yield flaw.get("CVSSv3"), flaw.get("cvssScore")
    for item in map(mapping, sequence(flaw.get("cvssSources"))):
        yield item.get("vector"), item.get("baseScore")
    for item in map(mapping, sequence(flaw.get("cvssDetails"))):
        yield item.get("cvssV3Vector"), item.get("cvssV3BaseScore")


def _solution(name: str, flaw: Mapping[str, Any]) -> str:
    versions = " or ".join(filter(None, map(first, sequence(flaw.get("fixedIn")))))
    return f"Update {name} to {versions}." if versions else ""


def _finding(number: int, check: str, flaw: Mapping[str, Any]) -> Finding:
    manager, name = first(flaw.get("packageManager")), first(flaw.get("name"), flaw.get("packageName"))
    if ":" in manager:  # of an operating system: its packages are named source/binary
        name = name.rpartition("/")[2]
    chain = filter(None, map(first, sequence(flaw.get("from"))))
    upgrades = " > ".join(filter(None, map(first, sequence(flaw.get("upgradePath")))))
    lines = (
        f"{name} {first(flaw.get('version'))}".strip(),
        f"introduced by {' > '.join(chain)}",
        f"upgrade {upgrades}" if upgrades else "",
    )
    return Finding(
        number,
        check,
        severity(first(flaw.get("severity"), flaw.get("severityWithCritical"))),
        output="\n".join(filter(None, lines)),
        location=place(package(manager, name)),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: dependencies with the way they came in, or none and how many there were."""
    seen = peek(head)
    for start in ("", "[]."):
        flaw = f"{start}vulnerabilities.[]"
        if seen.has(f"{flaw}.id", f"{flaw}.packageManager", f"{flaw}.from") or seen.has(
            f"{start}vulnerabilities", f"{start}ok", f"{start}dependencyCount"
        ):
            return CERTAIN
    return 0


PARSER = ImportParser(name="snyk_json", title="Snyk JSON", detects=detects, parse=parse)
