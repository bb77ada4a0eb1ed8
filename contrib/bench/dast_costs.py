"""What each class of weaknesses cost a scan: requests of its agents, and seconds until they were answered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from threatweaver_appsec.engine.catalog import listed_agents

NAME, SECONDS = 8, 5
"""Columns of the scan's log that say who asked, and how long the answer took."""


def costs_by_agent(log: Path) -> dict[str, tuple[int, float]]:
    """Return requests and seconds of each agent, of a log that `scan --log` wrote."""
    sums: defaultdict[str, list[float]] = defaultdict(list)
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        cells = line.split("\t")
        if len(cells) > NAME:
            sums[cells[NAME]].append(float(cells[SECONDS] or 0))
    return {agent: (len(seconds), sum(seconds)) for agent, seconds in sums.items()}


def cost_of(cwes: Iterable[int], costs: Mapping[str, tuple[int, float]]) -> tuple[int, float] | None:
    """Return what the agents that look for some CWEs cost together, None where nobody noted it."""
    looking = {agent.about.id for agent in listed_agents() if agent.about.cwe in set(cwes)}
    mine = [cost for agent, cost in costs.items() if agent in looking]
    return (sum(one for one, _ in mine), sum(one for _, one in mine)) if costs else None
