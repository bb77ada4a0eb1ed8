"""WPScan's JSON: known vulnerabilities of a WordPress site, its theme and its plugins."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.dates import read_epoch
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.web import Sites, at, hrefs, rated, rule
from threatweaver_exposure.engine.reading.words import (
    MEDIUM,
    cves,
    first,
    mapping,
    path_of,
    place,
    plain,
    purl,
    sequence,
    severity_of_score,
)

_HEADER = ("scan_aborted", "start_time", "stop_time", "target_url", "target_ip")
_KINDS = {"version": "core", "main_theme": "theme", "plugins.*": "plugin", "themes.*": "theme"}


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    # Only a scan that came to its end says when.
    sites, known, said = Sites(finished_at=None), set[str](), dict[str, Any]()
    for path, value in items(stream, *_HEADER, *_KINDS):
        if path not in _KINDS:
            said[path] = value
            continue
        for part in (value, *sequence(mapping(value).get("parents"))):
            yield from sites.seen(said.get("target_url"), said.get("target_ip"))
            yield from _component(sites, known, first(said.get("target_url")), _KINDS[path], mapping(part))
    sites.started_at = read_epoch(str(said.get("start_time")))
    sites.finished_at = None if said.get("scan_aborted") else read_epoch(str(said.get("stop_time")))
    yield sites.stated(said.get("target_url"), said.get("target_ip"))


def _component(
    sites: Sites, known: set[str], target: str, kind: str, component: Mapping[str, Any]
) -> Iterator[Record]:
    """Yield the records of WordPress itself, a theme or a plugin."""
    package = purl("wordpress", first(component.get("slug")) or kind, kind if component.get("slug") else "")
    version = first(component.get("number"), mapping(component.get("version")).get("number")) or "unknown"
    for flaw in map(mapping, sequence(component.get("vulnerabilities"))):
        definition = _definition(flaw)
        if definition.check not in known:
            known.add(definition.check)
            yield definition
        fixed = first(flaw.get("fixed_in")) or "no version"
        found = first(component.get("found_by"), "unknown")
        rated = definition.cvss3_score
        yield Finding(
            sites.number(target),
            definition.check,
            # WPScan has no word for it, and without an API token no score; and yet a known flaw is no remark.
            MEDIUM if rated is None else severity_of_score(rated),
            **at(target),
            output=f"{package} version {version}, fixed in {fixed}\nFound by: {found}",
            # One host may have several sites.
            location=place(package, path_of(target).strip("/")),
        )


def _definition(flaw: Mapping[str, Any]) -> Definition:
    references = {
        kind: list(map(str, sequence(ids))) for kind, ids in mapping(flaw.get("references")).items()
    }
    database, exploits = references.get("wpvulndb", []), references.get("exploitdb", [])
    numbers = [f"CVE-{number}" for number in references.get("cve", [])]
    rating = mapping(flaw.get("cvss"))
    fixed = first(flaw.get("fixed_in"))
    check = rule(*(f"WPVDB:{number}" for number in database), *numbers, flaw.get("title"))
    return Definition(
        check,
        first(flaw.get("title"), check),
        family="WordPress",
        description=plain(flaw.get("description")),
        solution=f"Update to version {fixed} or later." if fixed else "",
        see_also=hrefs(*references.get("url", [])),
        cves=cves(*numbers, flaw.get("title")),
        exploit_available=True if exploits or references.get("metasploit") else None,
        references=(*(f"WPVDB:{number}" for number in database), *(f"EDB:{number}" for number in exploits)),
        **rated(rating.get("vector"), cvss3=rating.get("score")),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: its banner, or without one what only its results have."""
    seen = peek(head)
    named = "WPScan" in str(seen.values.get("banner.description"))
    return CERTAIN if named or seen.has("target_url", "effective_url", "interesting_findings") else 0


PARSER = ImportParser(name="wpscan_json", title="WPScan JSON", detects=detects, parse=parse)
