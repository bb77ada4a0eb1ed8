"""What a CycloneDX bill of materials says, in the words of its JSON, whether it came as JSON or as XML."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from threatweaver.reports import UNDATED, Asset, Coverage, Definition, Finding, Record
from threatweaver_exposure.engine.dates import read_day, read_time
from threatweaver_exposure.engine.reading.components import folder, others, scores, unversioned
from threatweaver_exposure.engine.reading.words import (
    INFO,
    MEDIUM,
    cves,
    cwes,
    first,
    links,
    mapping,
    place,
    purl,
    score,
    sequence,
    severity,
    severity_of_score,
)

TIMESTAMP, SUBJECT = "metadata.timestamp", "metadata.component"
_SETTLED = {"resolved", "resolved_with_pedigree", "false_positive", "not_affected"}
_METHODS = {  # what a vector of this method begins with, and which score it is
    "CVSSV2": ("", "cvss2_score"),
    "CVSSV3": ("CVSS:3.0/", "cvss3_score"),
    "CVSSV31": ("CVSS:3.1/", "cvss3_score"),
    "CVSSV4": ("CVSS:4.0/", "cvss4_score"),
}

_Part = Mapping[str, Any]


class Bill:
    """Makes records of the parts of a bill, in the order in which they come."""

    def __init__(self) -> None:
        self._about: dict[str, Any] = {}
        self._system = ""
        self._places: dict[str, tuple[str, str]] = {}
        self._components = 0
        self._known: set[str] = set()

    def learns(self, what: str, value: object) -> Asset:
        """Take what the bill says of itself."""
        self._about[what] = value
        if what == SUBJECT:
            self._remember(mapping(value))
        return self.asset()

    def asset(self) -> Asset:
        """Return what is known so far of what the bill is about."""
        kind, name = _subject(mapping(self._about.get(SUBJECT)))
        return Asset(
            0,
            name,
            identifiers=((kind, name),) if name else (),
            operating_system=self._system or None,
            finished_at=read_time(first(self._about.get(TIMESTAMP))) or UNDATED,
        )

    def component(self, component: _Part) -> None:
        """Take a component with all that is in it."""
        self._components += 1
        if component.get("type") == "operating-system":
            self._system = _named(component)
        for inner in map(mapping, sequence(component.get("components"))):
            self.component(inner)
        self._remember(component)

    def _remember(self, component: _Part) -> None:
        ref = first(component.get("bom-ref"))
        if ref and not unversioned(ref):  # most refs are package URLs, which need no table
            self._places[ref] = _place_of(component)

    def vulnerability(self, flaw: _Part, within: _Part | None = None) -> Iterator[Record]:
        """Yield the records of a vulnerability; `within` is its component if that is where it stands."""
        check = first(flaw.get("id"), flaw.get("bom-ref"), "unknown")[:200]
        rated = _scores(flaw)
        if check not in self._known:
            self._known.add(check)
            yield _definition(check, flaw, rated)
        affected = [mapping(item) for item in sequence(flaw.get("affects"))]
        places = [_place_of(within)] if within else [self._where(first(item.get("ref"))) for item in affected]
        yield Finding(
            0,
            check,
            _severity(flaw, rated),
            output="\n".join(filter(None, (*(label for _, label in places), *_lines(flaw, affected))))
            or None,
            location=place(*sorted({where for where, _ in places})),
        )

    def _where(self, ref: str) -> tuple[str, str]:
        """Return the location that a reference stands for, and what to call it."""
        inner = unquote(ref.rpartition("#")[2]) if ref.startswith("urn:cdx:") else ref  # of another bill
        return self._places.get(inner) or (unversioned(inner) or inner, inner)

    def ends(self) -> Iterator[Record]:
        """Yield what is known when the whole bill has been read."""
        yield self.asset()
        # A list of components alone says nothing of flaws, and flaws alone (VEX) are not all of them.
        if self._components and self._known:
            yield Coverage(None)


def _subject(component: _Part) -> tuple[str, str]:
    name, version = first(component.get("name")), first(component.get("version"))
    if component.get("type") == "container":
        tagged = ":" in name.rpartition("/")[2] or not version or version.startswith("sha256:")
        return "image", name if tagged or not name else f"{name}:{version}"
    group = first(component.get("group"))
    return "application", folder(f"{group}/{name}" if group and name else name)


def _named(component: _Part) -> str:
    return " ".join(filter(None, (first(component.get(key)) for key in ("group", "name", "version"))))


def _place_of(component: _Part) -> tuple[str, str]:
    name, group = first(component.get("name")), first(component.get("group"))
    found = unversioned(component.get("purl"))
    return found or (purl("generic", name, group) if name else ""), _named(component)


def _ratings(flaw: _Part) -> tuple[list[_Part], list[_Part]]:
    """Return the ratings by the source of the vulnerability itself, and those by others."""
    source = first(mapping(flaw.get("source")).get("name"))
    own: list[_Part] = []
    rest: list[_Part] = []
    for rating in map(mapping, sequence(flaw.get("ratings"))):
        (own if first(mapping(rating.get("source")).get("name")) == source else rest).append(rating)
    return own, rest


def _scores(flaw: _Part) -> dict[str, Any]:
    own, rest = _ratings(flaw)
    pairs: list[tuple[object, object]] = []
    found: dict[str, Any] = {}
    for rating in (*own, *rest):
        start, member = _METHODS.get(first(rating.get("method")).upper(), ("", ""))
        vector, said = first(rating.get("vector")), score(rating.get("score"))
        pairs.append((vector if vector.startswith("CVSS:") or not vector else start + vector, said))
        if member and said is not None:
            found.setdefault(member, said)
    return {**found, **scores(*pairs)}


def _severity(flaw: _Part, rated: Mapping[str, Any]) -> int:
    if first(mapping(flaw.get("analysis")).get("state")) in _SETTLED:
        return INFO
    for group in _ratings(flaw):
        if words := [said for rating in group if (said := first(rating.get("severity")))]:
            return max(map(severity, words))
    known = [rated[member] for _, member in reversed(_METHODS.values()) if member in rated]
    return severity_of_score(known[0]) if known else MEDIUM


def _definition(check: str, flaw: _Part, rated: Mapping[str, Any]) -> Definition:
    references = [mapping(item) for item in sequence(flaw.get("references"))]
    advisories = [mapping(item) for item in sequence(flaw.get("advisories"))]
    ids = [first(item.get("id")) for item in references]
    sources = [mapping(item.get("source")) for item in (flaw, *references)]
    return Definition(
        check,
        check,
        family=first(sources[0].get("name")),
        description="\n\n".join(filter(None, (first(flaw.get("description")), first(flaw.get("detail"))))),
        solution=first(flaw.get("recommendation"), flaw.get("workaround")),
        see_also=links(*(item.get("url") for item in (*sources, *advisories))),
        cves=cves(check, *ids),
        cwes=cwes(*sequence(flaw.get("cwes"))),
        published_on=read_day(first(flaw.get("published"))),
        modified_on=read_day(first(flaw.get("updated"))),
        references=others(check, *ids),
        **rated,
    )


def _lines(flaw: _Part, affected: list[_Part]) -> Iterator[str]:
    for version in (mapping(item) for target in affected for item in sequence(target.get("versions"))):
        yield " ".join(filter(None, (first(version.get(key)) for key in ("version", "range", "status"))))
    analysis = mapping(flaw.get("analysis"))
    for key in ("state", "justification", "detail"):
        if said := first(analysis.get(key)):
            yield f"{key}: {said}"
    for item in map(mapping, sequence(flaw.get("properties"))):
        yield f"{first(item.get('name'))}: {first(item.get('value'))}"
