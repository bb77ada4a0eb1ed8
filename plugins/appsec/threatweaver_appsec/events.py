"""Facts appsec publishes. Past tense, ids and values only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AppsecFindingsRecorded:
    """An assessment's findings were written: read them by the id (`public.findings_of`)."""

    assessment_id: UUID
    target_id: UUID
    base_url: str
    seen: int
    created: int
    reopened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppsecFindingsClosed:
    """Findings were not there any more where an assessment or a retest looked again."""

    target_id: UUID
    finding_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppsecStandingChanged:
    """What stands open at a target is not what it was, because people decided so or deleted the target."""

    target_id: UUID
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppsecRiskAccepted:
    """The risk of a finding was accepted until a date."""

    finding_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppsecAssessmentEnded:
    """An assessment is over: completed, failed, cancelled or inconclusive."""

    assessment_id: UUID
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppsecAssessmentQueued:
    """An assessment stands in the queue because it was due."""

    assessment_id: UUID


EVENT_TYPES = (
    AppsecFindingsRecorded,
    AppsecFindingsClosed,
    AppsecStandingChanged,
    AppsecRiskAccepted,
    AppsecAssessmentEnded,
    AppsecAssessmentQueued,
)
