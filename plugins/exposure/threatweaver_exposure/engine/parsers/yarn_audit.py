"""`yarn audit --json` of Yarn 1 and `yarn npm audit --json` of Yarn 4: lines with an advisory each."""

import re
from collections.abc import Iterator, Mapping
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
)
from threatweaver_exposure.engine.reading.json_items import lines, peek
from threatweaver_exposure.engine.reading.npm_advisories import records
from threatweaver_exposure.engine.reading.packages import check_id, ghsa, rated, refuse_others
from threatweaver_exposure.engine.reading.words import first, links, mapping, place, purl, sequence

_ENDED = Asset(0, "", finished_at=UNDATED)
_YARN_1 = re.compile(
    rb'^[\xef\xbb\xbf \t]*\{[ \t]*"type"[ \t]*:[ \t]*"audit(?:Advisory|Summary)"', re.MULTILINE
)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report."""
    yield Asset(0, "")  # the report does not say whose packages they are
    yield Coverage(None)  # every advisory is looked up for every package
    known = set[str]()
    for line in map(mapping, lines(stream)):
        match line.get("type"):
            case "auditAdvisory":
                data = mapping(line.get("data"))
                path = first(mapping(data.get("resolution")).get("path"))
                yield from records(mapping(data.get("advisory")), known, path)
            case "auditSummary":
                yield _ENDED  # Yarn 1 does not write it when it fails
            case _ if "children" in line:
                yield from _issue(line, known)
    if not known:
        refuse_others(stream, detects)


def _issue(line: Mapping[str, Any], known: set[str]) -> Iterator[Record]:
    name, issue = first(line.get("value")), mapping(line.get("children"))
    check = check_id(*ghsa(issue.get("URL")), issue.get("ID"))
    if not known:
        yield _ENDED  # Yarn 4 writes nothing before it has everything
    if check not in known:
        known.add(check)
        yield Definition(
            check,
            first(issue.get("Issue"), check),
            family="npm",
            synopsis=f"Affects {name} {first(issue.get('Vulnerable Versions'))}".strip(),
            see_also=links(issue.get("URL")),
            references=ghsa(check),
        )
    versions = ", ".join(map(str, sequence(issue.get("Tree Versions"))))
    said = [f"{name} {versions}", *(f"needed by {one}" for one in sequence(issue.get("Dependents")))]
    yield Finding(
        0,
        check,
        rated({}, issue.get("Severity")),
        output="\n".join(said),
        location=place(purl("npm", name)),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: lines of Yarn 1, of which others may come before, or a first line of Yarn 4."""
    found = _YARN_1.search(head) or peek(head).has("value", "children.Issue", "children.Severity")
    return CERTAIN if found else 0


PARSER = ImportParser(name="yarn_audit", title="Yarn audit JSON", detects=detects, parse=parse)
