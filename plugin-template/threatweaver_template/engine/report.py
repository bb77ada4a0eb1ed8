"""A format of reports: `#template` in the first line, then `host;check;severity;what was seen` a line."""

from collections.abc import Iterator
from typing import BinaryIO

from threatweaver.reports import (
    CERTAIN,
    Asset,
    Definition,
    Finding,
    ImportParser,
    Record,
    ReportError,
    ReportFault,
)

_MARK = b"#template\n"
_LONGEST = 10_000  # bytes a line: a report is hostile until it is read
_SEVERITIES = ("info", "low", "medium", "high", "critical")


def detects(head: bytes, _filename: str) -> int:
    """Say how surely a file is of this format, by its beginning."""
    return CERTAIN if head.startswith(_MARK) else 0


def parse(stream: BinaryIO) -> Iterator[Record]:
    """Yield what a report says, a line at a time. Raises ReportError."""
    assets: dict[str, int] = {}
    checks: set[str] = set()
    stream.readline(_LONGEST)  # the mark
    number = 1
    while line := stream.readline(_LONGEST):
        number += 1
        host, check, severity, output = _cells(line, number)
        if host not in assets:
            assets[host] = len(assets)
            yield Asset(number=assets[host], name=host, identifiers=(("hostname", host),))
        if check not in checks:
            checks.add(check)
            yield Definition(check=check, name=check)
        yield Finding(asset=assets[host], check=check, severity=severity, output=output)


def _cells(line: bytes, number: int) -> tuple[str, str, int, str]:
    if len(line) == _LONGEST:
        raise ReportError(ReportFault.LIMIT, f"a line has more than {_LONGEST} bytes", line=number)
    cells = line.decode(errors="replace").rstrip("\n").split(";", 3)
    if len(cells) != 4 or cells[2] not in _SEVERITIES:
        raise ReportError(ReportFault.MALFORMED, "a line is no host;check;severity;text", line=number)
    host, check, severity, output = cells
    return host, check, _SEVERITIES.index(severity), output


PARSER = ImportParser(name="template", title="Template", detects=detects, parse=parse)
