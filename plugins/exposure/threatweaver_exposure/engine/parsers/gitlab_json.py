"""GitLab's JSON of its security scans: code, secrets, dependencies, images and running applications."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
from threatweaver_exposure.engine.dates import read_time
from threatweaver_exposure.engine.reading.json_items import items, peek
from threatweaver_exposure.engine.reading.packages import check_id
from threatweaver_exposure.engine.reading.source import evidence, labeled, spot
from threatweaver_exposure.engine.reading.words import (
    cves,
    cvss,
    cwes,
    first,
    host_and_port,
    links,
    mapping,
    mark,
    place,
    sequence,
    severity,
)

_PUBLIC = {"cve", "ghsa", "osv", "usn", "elsa", "rhsa"}  # ids that need no scanner before them
_SIGNATURES = ("scope_offset_compressed", "scope_offset")


@dataclass(slots=True)
class _Report:
    assets: dict[tuple[str, str], Asset] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report.

    Many scanners write this format, so only the checks are covered that the scan names and those it found.
    """
    report = _Report()
    scan: Mapping[str, Any] = {}
    for path, value in items(stream, "scan", "vulnerabilities.[]"):
        if path == "scan":
            scan = mapping(value)
        else:
            yield from _vulnerability(mapping(value), report)
    if not report.assets:
        yield from _subject(("", ""), report)
    ended = None if scan.get("status") == "failure" else read_time(first(scan.get("end_time"))) or UNDATED
    for asset in report.assets.values():
        yield asset._replace(started_at=read_time(first(scan.get("start_time"))), finished_at=ended)
    ran = (_check(mapping(item)) for item in sequence(scan.get("primary_identifiers")))
    yield Coverage(frozenset(report.known.union(ran)))


def _vulnerability(flaw: Mapping[str, Any], report: _Report) -> Iterator[Record]:
    where = mapping(flaw.get("location"))
    host, port = host_and_port(first(where.get("hostname")))
    subject = _about(where, host)
    yield from _subject(subject, report)
    named = [mapping(item) for item in sequence(flaw.get("identifiers"))]
    check = (
        _check(named[0]) if named else check_id(flaw.get("name"), flaw.get("message"), flaw.get("category"))
    )
    if check not in report.known:
        report.known.add(check)
        yield _definition(check, flaw, named)
    yield Finding(
        report.assets[subject].number,
        check,
        severity(flaw.get("severity")),
        port=port,
        protocol="tcp" if port else "",
        output=_output(flaw, where),
        location=_place(flaw, where),
    )


def _about(where: Mapping[str, Any], host: str) -> tuple[str, str]:
    """Return the kind and the value of the identifier of what was scanned; ("", "") for code."""
    if image := first(where.get("image")):
        return "image", image
    return ("fqdn", host) if host else ("", "")


def _subject(subject: tuple[str, str], report: _Report) -> Iterator[Record]:
    if subject not in report.assets:
        stated = _identifiers(*subject)
        asset = Asset(len(report.assets), subject[1][:1000], identifiers=stated, finished_at=UNDATED)
        report.assets[subject] = asset
        yield asset


def _identifiers(kind: str, value: str) -> tuple[tuple[str, str], ...]:
    if not value:
        return ()
    address = kind == "fqdn" and (":" in value or value.replace(".", "").isdecimal())
    return (("ip" if address else kind, value),)


def _check(named: Mapping[str, Any]) -> str:
    kind, value = first(named.get("type")).lower(), check_id(named.get("value"), named.get("name"))
    return value if kind in _PUBLIC or not kind else check_id(f"{kind}:{value}")


def _definition(check: str, flaw: Mapping[str, Any], named: list[Mapping[str, Any]]) -> Definition:
    weaknesses = [item for item in named if first(item.get("type")).lower() == "cwe"]
    others = [item for item in named[1:] if first(item.get("type")).lower() not in {"cwe", "cve"}]
    vectors = (mapping(item).get("vector") for item in sequence(flaw.get("cvss_vectors")))
    name = named[0].get("name") if named else ""
    return Definition(
        check,
        first(flaw.get("name"), flaw.get("message"), name, check),
        family=first(flaw.get("category")),
        description=first(flaw.get("description")),
        solution=first(flaw.get("solution")),
        see_also=links(
            *(mapping(item).get("url") for item in sequence(flaw.get("links"))),
            *(item.get("url") for item in named),
        ),
        cves=cves(*(item.get("value") for item in named if first(item.get("type")).lower() == "cve")),
        cwes=cwes(*(said for item in weaknesses for said in (item.get("value"), item.get("name")))),
        references=tuple(name for item in others if (name := first(item.get("name")))),
        **cvss(*vectors),
    )


def _output(flaw: Mapping[str, Any], where: Mapping[str, Any]) -> str | None:
    package = mapping(where.get("dependency"))
    flags = (mapping(flag).get("type") for flag in sequence(flaw.get("flags")))
    return evidence(
        spot(where.get("file"), where.get("start_line")),
        " ".join(filter(None, (first(where.get(name)) for name in ("method", "hostname", "path", "param")))),
        labeled("package", mapping(package.get("package")).get("name")),
        labeled("version", package.get("version")),
        labeled("commit", mapping(where.get("commit")).get("sha")),
        flaw.get("description") if where.get("start_line") else "",  # of code, it is about this place
        mapping(flaw.get("evidence")).get("summary"),
        *(labeled("flag", flag) for flag in flags),
    )


def _place(flaw: Mapping[str, Any], where: Mapping[str, Any]) -> str:
    package = mapping(mapping(where.get("dependency")).get("package"))
    if where.get("hostname"):
        return place(*(first(where.get(name)) for name in ("method", "path", "param")))
    return place(
        first(where.get("file")),
        first(package.get("name")),
        _scope(flaw) or " ".join(filter(None, (first(where.get("class")), first(where.get("method"))))),
        mark(flaw.get("raw_source_code_extract")),
    )


def _scope(flaw: Mapping[str, Any]) -> str:
    """Return the function that GitLab follows a flaw by, as `main.go|run[0]`, without the line in it."""
    tracked = (mapping(item) for item in sequence(mapping(flaw.get("tracking")).get("items")))
    signed = [mapping(item) for found in tracked for item in sequence(found.get("signatures"))]
    values = {first(item.get("algorithm")): first(item.get("value")) for item in signed}
    return next((values[name].rpartition(":")[0] for name in _SIGNATURES if values.get(name)), "")


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: by how it identifies vulnerabilities, or by what it says of a scan."""
    seen = peek(head)
    found = seen.has("vulnerabilities.[].identifiers.[].type", "vulnerabilities.[].location")
    return CERTAIN if found or seen.has("vulnerabilities", "scan.scanner", "scan.type") else 0


PARSER = ImportParser(name="gitlab_json", title="GitLab security report JSON", detects=detects, parse=parse)
