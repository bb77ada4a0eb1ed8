"""What came of a scan, gathered from its events."""

from dataclasses import dataclass, field
from typing import Any

from threatweaver_appsec.engine.agent import Severity
from threatweaver_appsec.engine.chains import Chain
from threatweaver_appsec.engine.events import (
    AssessmentComplete,
    ChainDiscovered,
    Event,
    State,
)
from threatweaver_appsec.engine.findings import Finding

WORST_FIRST = list(Severity)


@dataclass
class Result:
    """Findings are the worst first, then by place."""

    base: str
    seed: str
    state: State = State.FAILED
    reason: str = ""
    findings: list[Finding] = field(default_factory=list)
    chains: list[Chain] = field(default_factory=list)
    coverage: dict[str, Any] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0.0

    def take(self, event: Event) -> None:
        """Learn what an event says of the end; findings come from the scan's memory."""
        if isinstance(event, ChainDiscovered):
            self.chains.append(event.chain)
        elif isinstance(event, AssessmentComplete):
            self.state, self.reason, self.coverage = event.state, event.reason, event.coverage
            self.requests, self.seconds = event.requests, event.seconds

    def sort(self, findings: dict[str, Finding]) -> None:
        """Take the findings of a scan's memory."""
        self.findings = sorted(
            findings.values(),
            key=lambda one: (WORST_FIRST.index(one.severity), one.agent, one.place, one.key),
        )

    def at_least(self, severity: Severity) -> list[Finding]:
        """Return the findings that are as bad or worse."""
        worst = WORST_FIRST.index(severity)
        return [one for one in self.findings if WORST_FIRST.index(one.severity) <= worst]
