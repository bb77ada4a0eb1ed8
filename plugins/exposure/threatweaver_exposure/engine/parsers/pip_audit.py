"""`pip-audit --format json`: advisories on the packages of a Python project."""

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
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.packages import check_id, rated, refuse_others
from threatweaver_exposure.engine.reading.words import cves, first, mapping, place, purl, sequence


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report: a list of packages, or in later versions an object that has one."""
    yield Asset(0, "", finished_at=UNDATED)  # the report does not say whose packages they are
    yield Coverage(None)  # every advisory is looked up for every package
    known = set[str]()
    for _, package in items(stream, "[]", "dependencies.[]"):
        for found in sequence(mapping(package).get("vulns")):
            if isinstance(found, dict):
                yield from _vulnerability(mapping(package), found, known)
    if not known:
        refuse_others(stream, detects)


def _vulnerability(package: Mapping[str, Any], found: Mapping[str, Any], known: set[str]) -> Iterator[Record]:
    check, name = check_id(found.get("id")), first(package.get("name"))
    fixed = " or ".join(map(str, sequence(found.get("fix_versions"))))
    if check not in known:
        known.add(check)
        aliases = [first(alias) for alias in sequence(found.get("aliases"))]
        yield Definition(
            check,
            f"{check} in {name}" if name else check,
            family="Python packages",
            description=first(found.get("description")),
            solution=f"Update {name} to {fixed}." if fixed else "",
            cves=cves(check, *aliases),
            references=tuple(alias for alias in aliases if alias and not cves(alias)),
        )
    yield Finding(
        0,
        check,
        rated({}),  # the report rates nothing
        output=f"{name} {first(package.get('version'))}, fixed in {fixed or 'no version'}",
        location=place(purl("pypi", name)),
    )


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: packages with what was found, or why they were skipped."""
    seen = peek(head)
    for package in ("[]", "dependencies.[]"):
        audited = seen.has(f"{package}.vulns") or seen.has(f"{package}.skip_reason")
        if audited and seen.has(f"{package}.name"):
            return CERTAIN
    return CERTAIN if seen.has("dependencies", "fixes") else 0


PARSER = ImportParser(name="pip_audit", title="pip-audit JSON", detects=detects, parse=parse)
