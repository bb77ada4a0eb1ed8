"""What a parser of reports yields, in the words of no scanner. Standard library only.

This one module of the kernel may be imported by pure code too, so that an engine runs without the kernel;
everything here is in `threatweaver.sdk` as well.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import BinaryIO, NamedTuple

IDENTIFIER_KINDS = (
    "agent_uuid",
    "tenable_uuid",
    "cloud_resource",
    "bios_uuid",
    "mac",
    "image",
    "repository",
    "fqdn",
    "netbios",
    "hostname",
    "application",
    "ip",
)
"""What an asset can be known by, strongest first (docs/plugins/exposure.md says what each means)."""

UNDATED = datetime.max.replace(tzinfo=UTC)
"""The end of a scan of which a report says that it ended and not when: the report's first import counts."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class Asset(NamedTuple):
    """One thing that was scanned; may come again, by its number, when more is learned: the last holds."""

    number: int
    """What findings refer to it by, 0 to 2³¹-1; means nothing outside of this report."""
    name: str
    """What the report calls it, at most 1,000 characters; identifies it when nothing else does.

    "" without identifiers is a report that does not say what it is about, as those on source code: whoever
    hands it in says so, or the file's name does.
    """
    identifiers: tuple[tuple[str, str], ...] = ()
    """(kind, value), kinds of IDENTIFIER_KINDS, in whatever spelling; values that identify nothing go."""
    operating_system: str | None = None
    started_at: datetime | None = None
    """When its scan began; a time without a zone is UTC."""
    finished_at: datetime | None = None
    """When its scan ended, UNDATED if the report does not say when; None: it did not, and what it did not
    report may still be there."""
    authenticated: bool | None = None
    """Whether the scan had logged in: what was seen with a login is not gone where one without misses it."""


class Definition(NamedTuple):
    """What a check means; may come again when more is learned: the last holds."""

    check: str
    """The scanner's own id of the check, 1 to 200 characters, the same in every report."""
    name: str
    family: str = ""
    synopsis: str = ""
    description: str = ""
    solution: str = ""
    see_also: tuple[str, ...] = ()
    """Links."""
    cves: tuple[str, ...] = ()
    """CVE ids; what is none is passed over."""
    cwes: tuple[int, ...] = ()
    """Numbers of CWEs."""
    cvss2_score: float | None = None
    """0 to 10, as every score but EPSS."""
    cvss2_vector: str | None = None
    cvss3_score: float | None = None
    cvss3_vector: str | None = None
    cvss4_score: float | None = None
    cvss4_vector: str | None = None
    vpr_score: float | None = None
    epss_score: float | None = None
    """A probability, 0 to 1."""
    published_on: date | None = None
    patch_published_on: date | None = None
    modified_on: date | None = None
    """When the scanner's vendor changed the check: an older one does not overwrite a newer one."""
    exploit_available: bool | None = None
    kev: bool | None = None
    """Whether CISA knows it to be exploited; None when the report does not say."""
    references: tuple[str, ...] = ()
    """Other ids of it, such as BID:1234."""


class Finding(NamedTuple):
    """One check that reported something at one place of one asset."""

    asset: int
    """The number of an Asset that came before."""
    check: str
    """The check of a Definition that came before."""
    severity: int
    """0 informational, 1 low, 2 medium, 3 high, 4 critical, as the report itself says."""
    port: int = 0
    """0 to 65535; 0 is the asset as a whole."""
    protocol: str = ""
    service: str = ""
    output: str | None = None
    """The evidence: what the scanner printed."""
    location: str = ""
    """Where on the asset, at most 500 characters: a file, a URL's path and parameter, a package, a resource.

    Two findings of one check at two locations are two vulnerabilities. It says nothing that changes while the
    flaw stays: no line number, no version of a package, no time.
    """


class Coverage(NamedTuple):
    """What ran on every asset of the report, so that what it does not report there is gone.

    Without one nothing is ever closed by the report. With several, all of them count.
    """

    checks: frozenset[str] | None
    """Checks that ran, whether or not they reported something; None: every check of this format."""


Record = Asset | Definition | Finding | Coverage
"""What `ImportParser.parse` yields."""


class ReportFault(StrEnum):
    """The stable codes of a refused report."""

    MALFORMED = "REPORT_MALFORMED"
    TRUNCATED = "REPORT_TRUNCATED"
    FORBIDDEN_XML = "REPORT_FORBIDDEN_XML"
    UNSUPPORTED = "REPORT_UNSUPPORTED"
    AMBIGUOUS = "REPORT_AMBIGUOUS"
    LIMIT = "REPORT_LIMIT"
    PARSER_FAILED = "REPORT_PARSER_FAILED"


class ReportError(Exception):
    """A report that cannot be taken; `code` is stable, `message` is for people and begins in lower case.

    `line` is where in the report, if that is known.
    """

    def __init__(self, code: ReportFault, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line


CERTAIN = 100
"""The highest confidence of `ImportParser.detects`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportParser:
    """A format of reports. Pure: no database, no network, nothing of the kernel.

    `name`: a-z, 0-9, `_` and `-`, at most 32; unique among all plugins, and kept for ever: what a check means
    is stored under it. `title` is for people.

    `detects(head, filename)` says by the first 64 KiB, decompressed, how surely a file is of this format:
    0 no, 1 to 100 (CERTAIN), True is 100. The highest takes the file; if two are equal it is refused.

    `parse(stream)` yields records while it reads; it never holds more than a part of the file, which has up
    to 2 GiB. An Asset and a Definition come before the first Finding that names them. Reports are hostile:
    raise ReportError for what is wrong with one, before it takes much time or memory. Whatever else it
    raises, or a record out of the bounds above, refuses the report as REPORT_PARSER_FAILED. Nothing is kept
    of a refused report.

    `check_ends(head, tail)`, if given, raises ReportError for a file that its first 64 KiB and last 4 KiB
    show to be damaged or cut short: the uploader then hears of it at once.
    """

    name: str
    title: str
    detects: Callable[[bytes, str], int]
    parse: Callable[[BinaryIO], Iterator[Record]]
    check_ends: Callable[[bytes, bytes], None] | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a format")
