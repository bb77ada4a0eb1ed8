"""What a scan tested, what it did not, and why: the manifest that is stored with its result."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from threatweaver_appsec.engine.agent import Agent
from threatweaver_appsec.engine.checkpoint import Memory
from threatweaver_appsec.engine.places import template
from threatweaver_appsec.engine.ports import Skipped
from threatweaver_appsec.engine.redact import redact

MOST_LINES = 2_000


@dataclass
class Coverage:
    """Grows while the scan runs."""

    agents: Sequence[Agent] = ()
    finished: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    notes: Counter[Skipped] = field(default_factory=Counter)
    """What was not tested, and at how many places."""

    def note(self, what: str, why: str) -> None:
        """Add something that was not tested."""
        skipped = Skipped(redact(what), why)
        if skipped in self.notes or len(self.notes) < MOST_LINES:
            self.notes[skipped] += 1

    def manifest(self, memory: Memory) -> dict[str, Any]:
        """Return what was tested and what not, as JSON has it."""
        findings = Counter(finding.agent for finding in memory.findings.values())
        profile = memory.profile
        return {
            "operations": [
                {
                    "method": operation.request.method,
                    "path": template(operation),
                    "source": operation.source,
                    "status": operation.baseline.status,
                }
                for operation in list(memory.operations.values())[:MOST_LINES]
            ],
            "agents": [self._agent(agent, memory.tested, findings) for agent in self.agents],
            "not_tested": [
                {"what": skipped.what, "why": skipped.why, "times": times}
                for skipped, times in [*((one, 1) for one in memory.skipped), *self.notes.items()][
                    :MOST_LINES
                ]
            ],
            "technologies": [list(pair) for pair in profile.technologies] if profile else [],
            "waf": profile.waf if profile else "",
        }

    def _agent(self, agent: Agent, tested: Mapping[str, int], findings: Counter[str]) -> dict[str, Any]:
        name = agent.about.id
        broken = self.errors.get(name)
        state = "error" if broken else "complete" if name in self.finished else "not finished"
        return {
            "agent": name,
            "state": state,
            "tested": tested.get(name, 0),
            "findings": findings[name],
            "error": broken or "",
        }
