"""Facts exposure publishes. Past tense, ids and values only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCompleted:
    """A report was imported; the counts are those of the job's result (docs/plugins/exposure.md)."""

    import_id: UUID
    format: str
    assets: int
    findings: int
    duplicates: int
    created: int
    updated: int
    reopened: int
    unchanged: int
    closed: int
    unobserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageLost:
    """An import scanned assets to the end, but not for so many vulnerabilities that were known there."""

    import_id: UUID
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReverted:
    """An import was taken back; the counts are those of the job's result (docs/plugins/exposure.md)."""

    import_id: UUID
    restored: int
    withdrawn: int
    kept_for_later_imports: int
    kept_for_decisions: int
    assets_withdrawn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAccepted:
    """The risk of a vulnerability was accepted until a date, or the date of its acceptance changed."""

    vulnerability_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceWithdrawn:
    """Somebody took the acceptance of a risk back: the vulnerability is reopened."""

    vulnerability_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptancesExpired:
    """The dates of acceptances passed: so many vulnerabilities are reopened."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDue:
    """It is time for a sync with Tenable, and it stands in the queue."""

    sync_id: UUID


EVENT_TYPES = (
    ImportCompleted,
    CoverageLost,
    ImportReverted,
    RiskAccepted,
    AcceptanceWithdrawn,
    AcceptancesExpired,
    SyncDue,
)
