"""Facts exposure publishes. Past tense, ids and values only."""

from dataclasses import dataclass
from datetime import date, datetime
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
class AssetsMerged:
    """Assets were merged into another one: those absorbed are gone."""

    merge_id: UUID
    asset_id: UUID
    absorbed: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSplit:
    """A new asset was made of some identifiers of another one."""

    merge_id: UUID
    asset_id: UUID
    new_asset_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetMergeUndone:
    """A merge or a split was undone: the assets are those that there were before it."""

    merge_id: UUID
    asset_id: UUID


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
class RisksAccepted:
    """Somebody accepted the risks of so many vulnerabilities at once until a date."""

    count: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptancesWithdrawn:
    """Somebody took so many acceptances back at once: these vulnerabilities are reopened."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptancesExpired:
    """The dates of acceptances passed: so many vulnerabilities are reopened."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDue:
    """It is time for a sync with Tenable, and it stands in the queue."""

    sync_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyDetected:
    """A metric was not as usual on a day; `subject` is the format of reports, or empty for all."""

    anomaly_id: UUID
    metric: str
    subject: str
    day: date
    direction: str
    value: int


EVENT_TYPES = (
    ImportCompleted,
    CoverageLost,
    ImportReverted,
    AssetsMerged,
    AssetSplit,
    AssetMergeUndone,
    RiskAccepted,
    AcceptanceWithdrawn,
    RisksAccepted,
    AcceptancesWithdrawn,
    AcceptancesExpired,
    SyncDue,
    AnomalyDetected,
)
