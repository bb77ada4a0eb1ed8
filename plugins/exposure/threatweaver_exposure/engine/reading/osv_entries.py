"""Entries of the OSV format, in which databases of vulnerabilities in open source publish."""

from collections.abc import Iterator, Mapping
from typing import Any

from threatweaver.reports import Definition
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.words import cves, cvss, cwes, first, links, mapping, sequence

Entry = Mapping[str, Any]

_MOST_FIXES = 20
_TYPES = {
    "crates.io": "cargo",
    "packagist": "composer",
    "go": "golang",
    "rubygems": "gem",
    "swifturl": "swift",
    "conancenter": "conan",
    "github actions": "githubactions",
    "alpine": "apk/alpine",
    "debian": "deb/debian",
    "ubuntu": "deb/ubuntu",
    "red hat": "rpm/redhat",
    "rocky linux": "rpm/rocky",
    "almalinux": "rpm/almalinux",
    "opensuse": "rpm/opensuse",
    "suse": "rpm/suse",
}


def purl_type(ecosystem: object) -> str:
    """Return what package URLs call an ecosystem of OSV, of which releases follow a colon: `Debian:11`."""
    name = first(ecosystem).partition(":")[0].lower()
    return _TYPES.get(name, name) or "generic"


def definition(entry: Entry, family: str = "") -> Definition:
    """Return what an entry says of its vulnerability."""
    check = check_id(entry.get("id"))
    aliases = [first(alias) for alias in sequence(entry.get("aliases"))]
    pages = [mapping(reference).get("url") for reference in sequence(entry.get("references"))]
    return Definition(
        check,
        first(entry.get("summary"), check),
        family=family,
        description=first(entry.get("details")),
        solution=_solution(entry),
        see_also=links(mapping(entry.get("database_specific")).get("url"), pages),
        cves=cves(check, *aliases),
        cwes=cwes(*_weaknesses(entry)),
        published_on=read_day(first(entry.get("published"))),
        modified_on=read_day(first(entry.get("modified"))),
        references=tuple(alias for alias in aliases if alias and not cves(alias)),
        **scores(entry),
    )


def scores(entry: Entry) -> dict[str, Any]:
    """Return the members of a Definition for the vectors of an entry."""
    return cvss(*(mapping(item).get("score") for item in _severities(entry)))


def words(entry: Entry) -> list[object]:
    """Return the words that may say how severe an entry is: the database's, its publisher's."""
    said = [mapping(item).get("score") for item in _severities(entry)]
    return [mapping(entry.get("database_specific")).get("severity"), entry.get("severity"), *said]


def _severities(entry: Entry) -> Iterator[Any]:
    for holder in (entry, *_affected(entry)):
        yield from sequence(holder.get("severity"))


def _affected(entry: Entry) -> Iterator[Entry]:
    return map(mapping, sequence(entry.get("affected")))


def _weaknesses(entry: Entry) -> Iterator[Any]:
    for holder in (entry, *_affected(entry)):
        said = mapping(holder.get("database_specific"))
        yield from sequence(said.get("cwe_ids"))
        yield from (mapping(item).get("cweId") or item for item in sequence(said.get("cwes")))


def _solution(entry: Entry) -> str:
    fixes = dict.fromkeys(
        f"{first(mapping(affected.get('package')).get('name'))} {event.get('fixed')}"
        for affected in _affected(entry)
        for found in map(mapping, sequence(affected.get("ranges")))
        for event in map(mapping, sequence(found.get("events")))
        if event.get("fixed") and found.get("type") != "GIT"
    )
    return f"Fixed in {', '.join(list(fixes)[:_MOST_FIXES])}." if fixes else ""
