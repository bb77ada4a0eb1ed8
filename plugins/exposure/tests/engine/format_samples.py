"""The real reports of every format, and what an import would make of each."""

import csv
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from nessus_samples import SCANS

from threatweaver.reports import Asset, Definition, Finding, ImportParser
from threatweaver_exposure.engine import formats
from threatweaver_exposure.engine.catalog import PARSERS
from threatweaver_exposure.engine.prolog import HEAD_SIZE


class Sample(NamedTuple):
    path: Path
    format: str
    findings: int
    detail: str

    def __str__(self) -> str:
        return f"{self.format}-{self.path.name}"


# What EXPECTED.tsv counts in a unit that is no finding: how many findings ours are of it, and why.
DERIVED = {"sslyze"}


def samples() -> list[Sample]:
    table = SCANS / "EXPECTED.tsv"
    if not table.is_file():
        return []
    with table.open(newline="", encoding="utf-8") as opened:
        return [
            Sample(SCANS / row["file"], row["format"], int(row["findings"]), row["detail"])
            for row in csv.DictReader(opened, delimiter="\t")
            if row["format"] != "NEGATIVE"
        ]


def fail(parser: ImportParser, error: Exception) -> None:
    raise AssertionError(f"{parser.name} may not fail: {error!r}") from error


def detected(data: bytes, name: str = "") -> ImportParser:
    return formats.detect(PARSERS, data[:HEAD_SIZE], name, failed=fail)


def parsed(parser: ImportParser, data: bytes):
    """Every record of a report, checked against what the contract promises."""
    found = list(parser.parse(BytesIO(data)))
    assets, checks = {}, {}
    for record in found:
        match record:
            case Asset():
                assert isinstance(record.name, str)
                assert all(isinstance(value, str) for pair in record.identifiers for value in pair)
                assets[record.number] = record
            case Definition():
                assert 1 <= len(record.check) <= 200, record.check
                assert record.name, record.check
                assert "\0" not in f"{record.name}{record.description}{record.solution}"
                checks[record.check] = record
            case Finding():
                assert record.asset in assets
                assert record.check in checks
                assert 0 <= record.severity <= 4
                assert 0 <= record.port <= 65535
                assert len(record.location) <= 500
                assert "\0" not in f"{record.location}{record.output}"
    return found


def findings(records) -> list[Finding]:
    return [record for record in records if isinstance(record, Finding)]
