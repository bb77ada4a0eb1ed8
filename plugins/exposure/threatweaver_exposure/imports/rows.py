"""From a parser's records to rows of one temporary table; what a parser may not yield ends here."""

import hashlib
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import orjson

from threatweaver.sdk import (
    UNDATED,
    Asset,
    Coverage,
    Definition,
    Finding,
    ImportParser,
    ReportError,
    ReportFault,
)
from threatweaver_exposure.engine import nessus
from threatweaver_exposure.engine.fixed import Fixed
from threatweaver_exposure.engine.identity import STRENGTHS, canonical
from threatweaver_exposure.engine.reading.words import LOCATION, shortened

_BATCH = 4_000  # records
_BATCH_BYTES = 8 << 20  # of the report, where single outputs are long: one may have 10 MB
_MOST_DEFINITIONS = 500_000
_MOST_ASSETS = 1_000_000
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)

FINDING, HOST, DEFINITION, FIXED, COVERAGE = range(5)
"""Kinds of rows: findings have columns, the others are JSON objects with the columns of their own table."""
_JSON = (None,) * 9
_DEFINITION = (
    "plugin_id",
    "check_id",
    "name",
    "family",
    "synopsis",
    "description",
    "solution",
    "see_also",
    "cves",
    "cwes",
    "references",
    "cvss2_score",
    "cvss2_vector",
    "cvss3_score",
    "cvss3_vector",
    "cvss4_score",
    "cvss4_vector",
    "vpr_score",
    "epss_score",
    "exploit_available",
    "kev",
    "published_on",
    "patch_published_on",
    "modified_on",
)

Row = tuple[Any, ...]


class _OutOfBounds(ValueError):
    """A record that the contract does not allow."""


@dataclass(slots=True)
class Batch:
    """Rows, how many of them are findings, and how far the parser is in the file."""

    rows: list[Row] = field(default_factory=list)
    findings: int = 0
    position: int = 0


class _Known:
    """What the report has described so far: findings refer to it."""

    def __init__(self, parser: ImportParser, subject: str) -> None:
        self.subject = subject  # what a report is about that does not say so itself
        # Tenable's plugins are numbers and are looked up as such; any other check is a text.
        self.tenable = parser.name == nessus.PARSER.name
        self.assets: set[int] = set()
        self.numbers: dict[str, int] = {}

    def number(self, check: str) -> int:
        """Return the number of a definition within this import."""
        number = self.numbers.setdefault(check, len(self.numbers))
        if number >= _MOST_DEFINITIONS:
            raise ReportError(ReportFault.LIMIT, "the report names more checks than any scanner has")
        return number


def read(parser: ImportParser, path: Path, subject: str) -> Generator[Batch, None, None]:
    """Yield the rows of a report; `subject` is what it is about if it does not say so.

    Raises ReportError, whatever the parser raises or yields.
    """
    with path.open("rb") as file:
        try:
            yield from _batches(parser, file, subject)
        except ReportError:
            raise
        except _OutOfBounds as error:
            raise failed(parser, str(error)) from error
        except (
            Exception
        ) as error:  # a plugin's parser may fail in any way; the report is refused, not the job broken
            raise failed(parser, type(error).__name__) from error


def failed(parser: ImportParser, reason: str) -> ReportError:
    """Return the error of a parser that did not do what it promised."""
    return ReportError(
        ReportFault.PARSER_FAILED, f"the parser {parser.name} could not read the report: {reason}"
    )


def _batches(parser: ImportParser, file: BinaryIO, subject: str) -> Iterator[Batch]:
    batch, known = Batch(), _Known(parser, subject)
    numbers, assets = known.numbers, known.assets
    count = start = 0
    for seq, record in enumerate(parser.parse(file)):
        if type(record) is Finding:  # inline and without a name for each part: this is the hot path
            asset, check, severity, port, protocol, service, output, location = record
            if check not in numbers or asset not in assets or not (0 <= severity <= 4 and 0 <= port <= 65535):
                raise _wrong(record)
            location = location if len(location) <= LOCATION else shortened(location)
            number = numbers[check]
            batch.rows.append(
                (FINDING, seq, asset, number, port, protocol, service, severity, output, location, None)
            )
            batch.findings += 1
        else:
            _take(seq, record, batch, known)
        count += 1
        if count == _BATCH or file.tell() - start > _BATCH_BYTES:
            batch.position = start = file.tell()
            yield batch
            batch, count = Batch(), 0
    batch.position = file.tell()
    yield batch


def _take(seq: int, record: Any, batch: Batch, known: _Known) -> None:
    match record:
        case Asset():
            if record.name == "" and not record.identifiers:
                record = record._replace(name=known.subject, identifiers=(("application", known.subject),))
            known.assets.add(record.number)
            if len(known.assets) > _MOST_ASSETS:
                raise ReportError(ReportFault.LIMIT, f"the report has more than {_MOST_ASSETS:,} assets")
            batch.rows.append(_row(HOST, _asset(seq, record)))
        case Definition():
            batch.rows.append(_row(DEFINITION, _definition(seq, record, known)))
        case Fixed():
            if record.check not in known.numbers or record.asset not in known.assets:
                raise _OutOfBounds("what is fixed comes before its asset or its check")
            batch.rows.append(_row(FIXED, _fixed(record, known)))
        case Coverage():
            batch.rows.append(_row(COVERAGE, _coverage(record)))
        case _:
            raise _OutOfBounds(f"a {type(record).__name__} is no record")


def _wrong(finding: Finding) -> _OutOfBounds:
    return _OutOfBounds(
        f"a finding of {finding.check!r} on asset {finding.asset!r} comes before one of the two, "
        f"or its severity {finding.severity!r} or port {finding.port!r} is none"
    )


def _row(kind: int, item: dict[str, Any]) -> Row:
    return (kind, *_JSON, orjson.dumps(item).decode())


def _asset(seq: int, asset: Asset) -> dict[str, Any]:
    if type(asset.number) is not int:
        raise _OutOfBounds(f"the number of an asset is {asset.number!r}")
    return {
        "seq": seq,
        "number": asset.number,
        "name": asset.name[:255],
        "operating_system": asset.operating_system and asset.operating_system[:500],
        "started_at": _in_a_zone(asset.started_at),
        "finished_at": None if asset.finished_at == UNDATED else _in_a_zone(asset.finished_at),
        "finished": asset.finished_at is not None,
        "authenticated": asset.authenticated,
        "identifiers": list(_identifiers(asset)),
    }


def _fixed(fixed: Fixed, known: _Known) -> dict[str, Any]:
    return {
        "host": fixed.asset,
        "definition": known.numbers[fixed.check],
        "port": fixed.port,
        "protocol": fixed.protocol[:16],
    }


def _in_a_zone(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _identifiers(asset: Asset) -> Iterator[dict[str, Any]]:
    stated = canonical(asset.name, asset.identifiers)
    if not stated:
        raise _OutOfBounds(f"asset {asset.number} has no name and no identifier")
    for kind, value in stated:
        yield {"host": asset.number, "kind": kind, "value": value[:255], "strength": STRENGTHS[kind]}


def _coverage(coverage: Coverage) -> dict[str, Any]:
    """Return the checks that ran, each a text that PostgreSQL takes; none where all did."""
    if b"\0" in "".join(coverage.checks or ()).encode():
        raise _OutOfBounds("a check that ran has a NUL in its id")
    return {} if coverage.checks is None else {"checks": list(coverage.checks)}


def _check_kinds(item: Definition) -> None:
    """Refuse what PostgreSQL would make a text, a day or a truth of: it knows `yesterday`, too."""
    texts = (item.name, item.family, item.synopsis, item.description, item.solution)
    days = (item.published_on, item.patch_published_on, item.modified_on)
    if not (
        all(isinstance(text, str) for text in texts)
        and all(day is None or isinstance(day, date) for day in days)
        and {type(item.exploit_available), type(item.kev)} <= {bool, type(None)}
    ):
        raise _OutOfBounds(f"what is said of {item.check!r} is of the wrong kind")


def _definition(seq: int, item: Definition, known: _Known) -> dict[str, Any]:
    if not 1 <= len(item.check) <= 200:
        raise _OutOfBounds("the id of a check has 1 to 200 characters")
    _check_kinds(item)
    scores = (item.cvss2_score, item.cvss3_score, item.cvss4_score, item.vpr_score)
    if not all(value is None or 0 <= value <= 10 for value in scores):
        raise _OutOfBounds(f"the scores of {item.check!r} are not all 0 to 10")
    if item.epss_score is not None and not 0 <= item.epss_score <= 1:
        raise _OutOfBounds(f"the EPSS score of {item.check!r} is not 0 to 1")
    values = (
        int(item.check) if known.tenable else None,
        None if known.tenable else item.check,
        item.name,
        item.family,
        item.synopsis,
        item.description,
        item.solution,
        item.see_also,
        tuple(dict.fromkeys(cve for cve in map(str.upper, item.cves) if _CVE.fullmatch(cve))),
        tuple(number for number in item.cwes if 0 < number < 1_000_000),
        item.references,
        item.cvss2_score,
        item.cvss2_vector,
        item.cvss3_score,
        item.cvss3_vector,
        item.cvss4_score,
        item.cvss4_vector,
        item.vpr_score,
        item.epss_score,
        item.exploit_available,
        item.kev,
        item.published_on,
        item.patch_published_on,
        item.modified_on,
    )
    digest = hashlib.md5(orjson.dumps(values), usedforsecurity=False).digest()
    told = dict(zip(_DEFINITION, values, strict=True))
    return {"seq": seq, "number": known.number(item.check), **told, "digest": UUID(bytes=digest)}
