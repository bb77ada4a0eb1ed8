"""What a scan tells while it runs, and in which state it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from threatweaver_appsec.engine.chains import Chain
from threatweaver_appsec.engine.findings import Finding


class State(StrEnum):
    """Of a scan; the last four are ends."""

    QUEUED = "queued"
    PROFILING = "profiling"
    PLANNING = "planning"
    ATTACKING = "attacking"
    VALIDATING = "validating"
    CHAINING = "chaining"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class PhaseChange:
    """The scan is in another state now."""

    kind: ClassVar[str] = "phase_change"
    phase: State
    detail: str = ""


@dataclass(frozen=True)
class Progress:
    """How far it is: `done` of `total` places of this state."""

    kind: ClassVar[str] = "progress"
    done: int
    total: int
    requests: int
    operations: int
    findings: int


@dataclass(frozen=True)
class AgentStart:
    """An agent begins."""

    kind: ClassVar[str] = "agent_start"
    agent: str


@dataclass(frozen=True)
class AgentComplete:
    """An agent is through with its places."""

    kind: ClassVar[str] = "agent_complete"
    agent: str
    tested: int
    findings: int


@dataclass(frozen=True)
class AgentError:
    """An agent raised; the scan goes on."""

    kind: ClassVar[str] = "agent_error"
    agent: str
    error: str


@dataclass(frozen=True)
class FindingNew:
    """Something was confirmed that no earlier finding tells."""

    kind: ClassVar[str] = "finding_new"
    finding: Finding


@dataclass(frozen=True)
class ChainDiscovered:
    """Findings that are worse together."""

    kind: ClassVar[str] = "chain_discovered"
    chain: Chain


@dataclass(frozen=True)
class AssessmentComplete:
    """The last event: the end state, why, and what was tested (see `coverage.manifest`)."""

    kind: ClassVar[str] = "assessment_complete"
    state: State
    reason: str
    requests: int
    seconds: float
    coverage: dict[str, Any]


Event = (
    PhaseChange
    | Progress
    | AgentStart
    | AgentComplete
    | AgentError
    | FindingNew
    | ChainDiscovered
    | AssessmentComplete
)
