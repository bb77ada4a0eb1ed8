"""The format in which findings are handed over: JSON lines, first whose they are, then a finding each."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from threatweaver.sdk import (
    CERTAIN,
    Asset,
    Coverage,
    Definition,
    Finding,
    ImportParser,
    Record,
    ReportError,
    ReportFault,
)

NAME = "threatweaver_appsec"
_VERSION = 1
_LONGEST_LINE = 1 << 20  # bytes
_LOCATION = 500  # characters
_PORTS = {"http": 80, "https": 443}
_BEGINNING = json.dumps({"format": NAME}).encode()[:-1] + b","


def header(host: str, at: str) -> bytes:
    """Return the first line: all that stands open at a host, as of a time in ISO 8601."""
    return _line({"format": NAME, "version": _VERSION, "host": host, "at": at})


def line(row: Mapping[str, Any]) -> bytes:
    """Return the line of a finding; `queries.standing` says what it has."""
    return _line({name: value for name, value in row.items() if value is not None})


def _line(what: Mapping[str, Any]) -> bytes:
    return json.dumps(what, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield the records of a report: it says everything of its host, so that what is not in it is gone."""
    about = _read(stream, 1)
    if about is None or about.get("format") != NAME:
        raise ReportError(ReportFault.MALFORMED, "the first line does not say what the report is", line=1)
    if about.get("version") != _VERSION:
        raise ReportError(ReportFault.UNSUPPORTED, f"version {about.get('version')!r} is not known", line=1)
    host, at = _text(about, "host", 1)[:255], _time(about)
    yield Asset(0, host, ((_kind(host), host),), finished_at=at, authenticated=True)
    yield Coverage(checks=None)
    known: set[str] = set()
    number = 1
    while (row := _read(stream, number := number + 1)) is not None:
        check = _text(row, "agent", number)[:200]
        if check not in known:
            known.add(check)
            yield _definition(check, row, number)
        yield _finding(check, row, number)


def _definition(check: str, row: Mapping[str, Any], number: int) -> Definition:
    cwe = row.get("cwe")
    return Definition(
        check,
        _text(row, "title", number),
        family="Web application",
        description=str(row.get("description", "")),
        solution=str(row.get("remedy", "")),
        cwes=(cwe,) if isinstance(cwe, int) and 0 < cwe < 100_000 else (),
    )


def _finding(check: str, row: Mapping[str, Any], number: int) -> Finding:
    severity = row.get("severity")
    if isinstance(severity, bool) or not isinstance(severity, int) or not 0 <= severity <= 4:
        raise ReportError(ReportFault.MALFORMED, "its severity is none of 0 to 4", line=number)
    try:
        parts = urlsplit(_text(row, "base_url", number))
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise ReportError(ReportFault.MALFORMED, "its base_url is no URL", line=number) from None
    where = " ".join(filter(None, (str(row.get("place", "")), str(row.get("parameter", "")))))
    mark = f" {str(row.get('fingerprint', ''))[:16]}"
    return Finding(
        0,
        check,
        severity,
        port=port,
        protocol="tcp" if port else "",
        service=parts.scheme[:32],
        output="\n".join(str(row[name]) for name in ("says", "url") if row.get(name)) or None,
        location=where if len(where) <= _LOCATION else where[: _LOCATION - len(mark)] + mark,
    )


def _read(stream: BinaryIO, number: int) -> dict[str, Any] | None:
    text = stream.readline(_LONGEST_LINE + 1)
    if not text:
        return None
    if len(text) > _LONGEST_LINE:
        raise ReportError(ReportFault.LIMIT, f"a line has more than {_LONGEST_LINE} bytes", line=number)
    if not text.endswith(b"\n"):
        raise ReportError(ReportFault.TRUNCATED, "it ends within a line", line=number)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ReportError(ReportFault.MALFORMED, "a line is no JSON", line=number) from None
    if not isinstance(found, dict):
        raise ReportError(ReportFault.MALFORMED, "a line is no object", line=number)
    return found


def _text(row: Mapping[str, Any], name: str, number: int) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise ReportError(ReportFault.MALFORMED, f"{name} is missing", line=number)
    return value


def _time(about: Mapping[str, Any]) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(about, "at", 1))
    except ValueError:
        raise ReportError(ReportFault.MALFORMED, "at is no time", line=1) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _kind(host: str) -> str:
    try:
        ip_address(host)
    except ValueError:
        return "fqdn"
    return "ip"


def detects(head: bytes, _: str) -> int:
    """Say whether it is one: its first line begins as `header` writes it."""
    return CERTAIN if head.startswith(_BEGINNING) else 0


PARSER = ImportParser(name=NAME, title="ThreatWeaver AppSec", detects=detects, parse=parse)
