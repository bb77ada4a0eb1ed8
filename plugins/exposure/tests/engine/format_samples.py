"""The real reports of every format, and what an import would make of each."""

import csv
import os
import re
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from hypothesis import settings
from nessus_samples import SCANS

from threatweaver.reports import Asset, Definition, Finding, ImportParser, ReportError, ReportFault
from threatweaver_exposure.engine import formats
from threatweaver_exposure.engine.catalog import PARSERS
from threatweaver_exposure.engine.prolog import HEAD_SIZE, refuse_entities
from threatweaver_exposure.imports import rows

# Damaged and made-up reports of each kind: a few that are always the same, or so many other ones.
MANY = int(os.environ.get("TWTEST_FUZZ_EXAMPLES", "0"))
SEED = os.environ.get("TWTEST_FUZZ_SEED", "") if MANY else ""
FUZZING = settings(max_examples=MANY or 12, derandomize=not MANY, deadline=None, database=None)
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # as JSON writes it
_INTEGERS = range(-(2**31), 2**31)


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


def outcome(data: bytes, path: Path) -> ReportFault | None:
    """Read a report as an import does, but without API and database; None when it is taken.

    A parser that fails, or yields what PostgreSQL cannot hold, is an AssertionError.
    """
    path.write_bytes(data)
    try:
        refuse_entities(data[:HEAD_SIZE])
        parser = detected(data, "wrong.exe")
        if parser.check_ends:
            parser.check_ends(data[:HEAD_SIZE], data[-formats.TAIL_SIZE :])
        for batch in rows.read(parser, path, "report"):
            for row in batch.rows:
                _check(row)
    except ReportError as error:
        if error.code is ReportFault.PARSER_FAILED or not error.message:
            raise AssertionError(f"no clear refusal: {error}, {error.__cause__!r}") from error
        return error.code
    return None


def _check(row):
    _, seq, host, definition, port, protocol, service, severity, output, location, told = row
    for number in filter(None, (seq, host, definition, port, severity)):
        assert number in _INTEGERS
    for text in filter(None, (protocol, service, output, location, told)):
        assert "\0" not in text
        assert text.encode()
    assert not _NUL.search(told or "")


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
