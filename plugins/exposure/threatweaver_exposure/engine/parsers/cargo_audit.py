"""`cargo audit --json`: advisories of RustSec on the crates of a Rust project."""

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
from threatweaver_exposure.engine.dates import read_day
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.packages import check_id, rated, refuse_others
from threatweaver_exposure.engine.reading.words import (
    cves,
    cvss,
    first,
    links,
    mapping,
    place,
    purl,
    sequence,
)

_SECTIONS = ("database.advisory-count", "lockfile.dependency-count", "settings.informational_warnings")


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report; its warnings (a crate is unmaintained or yanked) are no findings."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose crates they are
    yield Coverage(None)  # every advisory is looked up for every crate
    known = set[str]()
    for _, found in items(stream, "vulnerabilities.list.[]"):
        if isinstance(found, dict):
            yield from _vulnerability(found, known)
    if not known:
        refuse_others(stream, detects)


def _vulnerability(found: Mapping[str, Any], known: set[str]) -> Iterator[Record]:
    advisory, crate = mapping(found.get("advisory")), mapping(found.get("package"))
    check, scores = check_id(advisory.get("id")), cvss(advisory.get("cvss"))
    patched = ", ".join(map(str, sequence(mapping(found.get("versions")).get("patched"))))
    name = first(crate.get("name"), advisory.get("package"))
    if check not in known:
        known.add(check)
        yield _definition(check, advisory, f"Update {name} to {patched}." if patched else "", scores)
    yield Finding(
        0,
        check,
        rated(scores, "info" if advisory.get("informational") else None),
        output=f"{name} {first(crate.get('version'))}, patched in {patched or 'no version'}",
        location=place(purl("cargo", name)),
    )


def _definition(check: str, advisory: Mapping[str, Any], solution: str, scores: dict[str, Any]) -> Definition:
    aliases = [first(alias) for alias in sequence(advisory.get("aliases"))]
    return Definition(
        check,
        first(advisory.get("title"), check),
        family="Cargo",
        synopsis=", ".join(filter(None, map(first, sequence(advisory.get("categories"))))),
        description=first(advisory.get("description")),
        solution=solution,
        see_also=links(advisory.get("url"), advisory.get("references")),
        cves=cves(check, *aliases),
        published_on=read_day(first(advisory.get("date"))),
        references=tuple(alias for alias in aliases if alias and not cves(alias)),
        **scores,
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one."""
    seen = peek(head)
    return CERTAIN if sum(seen.has(section) for section in _SECTIONS) > 1 else 0


PARSER = ImportParser(name="cargo_audit", title="cargo audit JSON", detects=detects, parse=parse)
