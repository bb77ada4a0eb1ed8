"""Arachni's JSON: vulnerabilities of web applications."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from threatweaver.reports import CERTAIN, Coverage, Definition, Finding, ImportParser, Record
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.web import Sites, at, hrefs, read_moment, rule
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


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    # Without a time of its end in the report, the scan has none.
    sites, known = Sites(finished_at=None), set[str]()
    for path, value in items(
        stream, "options.url", "options.checks", "start_datetime", "finish_datetime", "issues.[]"
    ):
        if path == "options.checks":
            if checks := {rule(check) for check in sequence(value)}:
                yield Coverage(frozenset(checks))
        elif path == "options.url":
            yield from sites.seen(value)
        elif path == "start_datetime":
            sites.started_at = read_moment(value)
        elif path == "finish_datetime":
            sites.finished_at = read_moment(value)
            yield from sites.again()
        elif isinstance(value, dict):
            yield from _issue(sites, known, value)


def _issue(sites: Sites, known: set[str], issue: Mapping[str, Any]) -> Iterator[Record]:
    check = rule(mapping(issue.get("check")).get("shortname"), issue.get("name"))
    vector = mapping(issue.get("vector"))
    url = first(vector.get("action"), vector.get("url"), mapping(issue.get("response")).get("url"))
    yield from sites.seen(url, mapping(issue.get("response")).get("ip_address"))
    if check not in known:
        known.add(check)
        yield _definition(check, issue)
    method = first(vector.get("method"), mapping(issue.get("request")).get("method")).upper()
    # A flaw in a cookie names no single input: the cookie is all that there is.
    inputs = mapping(vector.get("inputs"))
    parameter = first(vector.get("affected_input_name"), next(iter(inputs), "") if len(inputs) == 1 else "")
    lines = [
        f"{method} {url}",
        f"{first(vector.get('type'))} {parameter}".strip(),
        first(vector.get("seed")),
        first(issue.get("proof")),
        "" if issue.get("trusted") is not False else "Untrusted: to be verified by hand",
    ]
    yield Finding(
        sites.number(url),
        check,
        severity(issue.get("severity")),
        **at(url),
        output="\n".join(filter(None, lines)),
        location=place(method, path_of(url), parameter),
    )


def _definition(check: str, issue: Mapping[str, Any]) -> Definition:
    references = mapping(issue.get("references"))
    return Definition(
        check,
        first(issue.get("name"), check),
        family=first(mapping(issue.get("check")).get("name")),
        description=plain(issue.get("description")),
        solution=plain(issue.get("remedy_guidance")),
        see_also=hrefs(*references.values(), issue.get("cwe_url")),
        cves=cves(*references.values()),
        cwes=cwes(issue.get("cwe")),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: the options of a run, which come first, or an issue."""
    seen = peek(head)
    found = seen.has("seed", "options.checks") or seen.has(
        "issues.[].check.shortname", "issues.[].vector.class"
    )
    return CERTAIN if found else 0


PARSER = ImportParser(name="arachni_json", title="Arachni JSON", detects=detects, parse=parse)
