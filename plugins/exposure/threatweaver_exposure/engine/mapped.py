"""Tables and JSON of tools that no parser knows: somebody says which column or member means what."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

from threatweaver.reports import Coverage, Definition, Finding, ImportParser, Record, ReportError, ReportFault
from threatweaver_exposure.engine.reading.json_items import items, lines
from threatweaver_exposure.engine.reading.moments import read_moment
from threatweaver_exposure.engine.reading.network import Checks, Hosts, known_by
from threatweaver_exposure.engine.reading.tables import rows as table_rows
from threatweaver_exposure.engine.reading.words import (
    INFO,
    cves,
    cvss,
    cwes,
    first,
    links,
    port_of,
    score,
    severity,
    shortened,
)

TABLE, JSON, JSON_LINES = "csv", "json", "jsonl"
SEVERITIES = ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")
PREFIX = "mapped-"
_UNKNOWN = -1
_LONGEST = 200  # characters of a check
# What a column can mean → names of columns that mean it, for a suggestion: the first that is there holds.
MEANINGS: Mapping[str, tuple[str, ...]] = {
    "host": (
        "host",
        "hostname",
        "host name",
        "asset",
        "asset name",
        "server",
        "target",
        "computer",
        "device",
    ),
    "fqdn": ("fqdn", "dns name", "dns", "domain"),
    "ip": ("ip", "ip address", "ipaddress", "address", "ipv4"),
    "mac": ("mac", "mac address"),
    "check": (
        "check",
        "check id",
        "rule",
        "rule id",
        "plugin id",
        "qid",
        "vuln id",
        "vulnerability id",
        "id",
    ),
    "title": ("title", "name", "vulnerability", "issue", "finding", "summary", "rule name"),
    "severity": ("severity", "risk", "risk level", "priority", "level", "criticality"),
    "description": ("description", "details", "detail"),
    "solution": ("solution", "remediation", "recommendation", "fix"),
    "links": ("links", "references", "reference", "url", "see also"),
    "cves": ("cves", "cve", "cve id", "cve ids"),
    "cwes": ("cwes", "cwe", "cwe id"),
    "cvss": ("cvss vector", "vector", "cvss3 vector", "cvss v3 vector"),
    "score": ("cvss", "cvss score", "score", "cvss3 score", "base score"),
    "port": ("port", "port number"),
    "protocol": ("protocol", "transport"),
    "service": ("service", "service name"),
    "location": ("location", "path", "file", "resource", "component", "package"),
    "output": ("output", "evidence", "proof", "result"),
    "state": ("state", "status"),
    "seen": ("last seen", "last observed", "detected", "date", "timestamp", "scan date", "found"),
}
HOSTS = ("host", "fqdn", "ip", "mac")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What a file says and where.

    `columns`: meaning → column of a table (any case), or members of a JSON object as `asset.host`. `rows`
    is where a JSON document has its list, as `result.findings`; "" for a document that is one.
    `severities`: word of the tool (any case) → one of SEVERITIES; others are understood where they can be.
    `left_out` are words of the column `state` whose rows are none of the report's findings any more.
    `complete` says that what the file does not name on its assets is fixed.
    """

    kind: str
    columns: Mapping[str, str]
    rows: str = ""
    severities: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    complete: bool = False


class RowError(ValueError):
    """A row that cannot be read; the text says why and begins in lower case."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A row as it is understood: who it is about, what it means, and what was found."""

    identifiers: tuple[tuple[str, str], ...]
    check: str
    severity: int
    said: Mapping[str, str]


def parser(name: str, mapped: Mapped) -> ImportParser:
    """Return the parser of a mapping; detection never chooses it."""
    return ImportParser(name=name, title=name, detects=lambda _head, _name: 0, parse=partial(_parse, mapped))


def records(mapped: Mapped, stream: BinaryIO) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the number, from 1 on, and the columns or members of each row. Raises ReportError."""
    if mapped.kind == TABLE:
        wanted: Callable[[str], str] = str.lower
        found: Iterator[Any] = iter(table_rows(stream))
    else:
        wanted = str
        path = f"{mapped.rows}.[]" if mapped.rows else "[]"
        found = lines(stream) if mapped.kind == JSON_LINES else (row for _, row in items(stream, path))
    for number, row in enumerate(found, start=1):
        yield (
            number,
            {name: _text(row, wanted(column), mapped.kind) for name, column in mapped.columns.items()},
        )


def read(mapped: Mapped, said: Mapping[str, str]) -> Reading | None:
    """Understand a row, None for one that is left out. Raises RowError."""
    if said.get("state", "").casefold() in {word.casefold() for word in mapped.left_out}:
        return None
    identifiers = known_by(
        said.get("host", ""), said.get("fqdn", ""), said.get("ip", ""), mac=said.get("mac", "")
    )
    if not identifiers and any(name in mapped.columns for name in HOSTS):
        raise RowError("it names no asset")
    check = first(said.get("check"), said.get("title"))[:_LONGEST]
    if not check:
        raise RowError("it has neither check nor title")
    return Reading(identifiers, check, _severity(mapped, said), said)


def _parse(mapped: Mapped, stream: BinaryIO) -> Iterator[Record]:
    hosts, checks = Hosts(), Checks()
    if mapped.complete:
        yield Coverage(None)
    for number, said in records(mapped, stream):
        try:
            reading = read(mapped, said)
        except RowError as error:
            raise ReportError(
                ReportFault.MALFORMED, f"row {number} of the report: {error}", line=number
            ) from None
        if reading is None:
            continue
        asset, met = hosts.meet(reading.identifiers, seen=read_moment(said.get("seen", "")))
        yield from met
        named = checks.news(reading.check, cves(said.get("cves")))
        if named is not None:
            yield _definition(reading, named)
        yield _finding(asset, reading)
    yield from hosts.seen_later()


def _text(row: Any, column: str, kind: str) -> str:
    if kind == TABLE:
        return str(row.get(column, "")).strip()
    value = row
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, list):
        return ", ".join(str(item) for item in value if isinstance(item, str | int | float))
    if value is None or isinstance(value, dict):
        return ""
    return str(value).strip()


def _severity(mapped: Mapped, said: Mapping[str, str]) -> int:
    word = said.get("severity", "")
    if not word:
        return INFO
    for own, meant in mapped.severities.items():
        if own.casefold() == word.casefold():
            return SEVERITIES.index(meant)
    understood = severity(word, _UNKNOWN)
    if understood == _UNKNOWN:
        raise RowError(f"nobody said what the severity {word[:50]!r} means")
    return understood


def _definition(reading: Reading, named: tuple[str, ...]) -> Definition:
    said = reading.said
    stated = score(said.get("score"))
    scores = cvss(said.get("cvss")) or ({} if stated is None else {"cvss3_score": stated})
    return Definition(
        reading.check,
        (said.get("title") or reading.check)[:1000],
        description=said.get("description", ""),
        solution=said.get("solution", ""),
        see_also=links(*said.get("links", "").split()),
        cves=named,
        cwes=cwes(*said.get("cwes", "").split(",")),
        **scores,
    )


def _finding(asset: int, reading: Reading) -> Finding:
    said = reading.said
    return Finding(
        asset,
        reading.check,
        reading.severity,
        port=port_of(said.get("port")),
        protocol=said.get("protocol", "").lower()[:16],
        service=said.get("service", "")[:100],
        output=said.get("output") or None,
        location=shortened(said["location"]) if said.get("location") else "",
    )
