"""The records every report parser yields, and the one error it raises."""

from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple


class Severity(IntEnum):
    """How grave the report itself says a finding is."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Scan(NamedTuple):
    """What the report says about itself; comes once, before everything else."""

    policy: str | None
    name: str | None
    scanner: str
    checks: frozenset[int] | None
    """Plugins the report declares it ran; None when it declares none, so absence proves nothing."""


class Host(NamedTuple):
    """One scanned host; may come again with the same number when more is learned, and the last one holds."""

    number: int
    name: str
    identifiers: tuple[tuple[str, str], ...]
    """(kind, value) pairs, strongest first; the kinds are described in `identity`."""
    operating_system: str | None
    started_at: datetime | None
    finished_at: datetime | None
    authenticated: bool | None


class Definition(NamedTuple):
    """One plugin as the report describes it; may come again with more CVEs, and the last one holds."""

    plugin_id: int
    name: str
    family: str
    synopsis: str
    description: str
    solution: str
    see_also: tuple[str, ...]
    cves: tuple[str, ...]
    cwes: tuple[int, ...]
    cvss2_score: float | None
    cvss2_vector: str | None
    cvss3_score: float | None
    cvss3_vector: str | None
    cvss4_score: float | None
    cvss4_vector: str | None
    vpr_score: float | None
    epss_score: float | None
    published_on: date | None
    patch_published_on: date | None
    plugin_modified_on: date | None
    exploit_available: bool | None
    kev: bool | None
    """True when the report names the CISA catalog; None when it is silent, since old reports never do."""
    xrefs: tuple[str, ...]
    plugin_type: str | None


class Finding(NamedTuple):
    """One plugin that reported something at one place of one host."""

    host: int
    plugin_id: int
    port: int
    protocol: str
    service: str
    severity: int
    output: str | None


Record = Scan | Host | Definition | Finding


class Fault(StrEnum):
    """The stable codes of a refused report."""

    MALFORMED = "REPORT_MALFORMED"
    TRUNCATED = "REPORT_TRUNCATED"
    FORBIDDEN_XML = "REPORT_FORBIDDEN_XML"
    UNSUPPORTED = "REPORT_UNSUPPORTED"
    LIMIT = "REPORT_LIMIT"


class ReportError(Exception):
    """A report that cannot be taken; `code` is stable, the message is for people.

    `line` is where in the report, if that is known.
    """

    def __init__(self, code: Fault, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
