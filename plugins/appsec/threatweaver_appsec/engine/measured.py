"""How often agents are right, as `make bench-dast ARGS="--lab --write"` measured it (measured.json)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_KEPT = Path(__file__).with_name("measured.json")


@dataclass(frozen=True)
class Measurement:
    """Findings of an agent at targets whose weaknesses are known.

    `right` are known weaknesses, `wrong` places that are known to be safe; `unlisted`, which nobody decided,
    do not count.
    """

    right: int = 0
    wrong: int = 0
    unlisted: int = 0

    @property
    def precision(self) -> float:
        """The share of decided findings that are right, from 0 to 1."""
        return round(self.right / (self.right + self.wrong), 3)


@dataclass(frozen=True)
class Measured:
    """What was measured: of each agent with a decided finding; where, and until which day."""

    agents: Mapping[str, Measurement]
    targets: tuple[str, ...]
    at: str


@cache
def measured() -> Measured:
    """Return what was measured."""
    targets = json.loads(_KEPT.read_text(encoding="utf-8"))["targets"]
    sums: dict[str, Measurement] = {}
    for target in targets:
        for agent, counts in target["agents"].items():
            before = sums.get(agent, Measurement())
            sums[agent] = Measurement(**{name: getattr(before, name) + counts[name] for name in counts})
    return Measured(
        {agent: one for agent, one in sums.items() if one.right + one.wrong},
        tuple(target["name"] for target in targets),
        max(target["at"] for target in targets),
    )


def precision_of(agent: str) -> float | None:
    """Return how much a finding of an agent can be believed, None where that was not measured."""
    one = measured().agents.get(agent)
    return one.precision if one else None
