"""The agents that there are, and the kinds of scans that choose among them."""

import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from threatweaver_appsec.engine import agents as package
from threatweaver_appsec.engine.agent import Agent, Operation, PointAgent, Prober, Safety, Severity, Watcher
from threatweaver_appsec.engine.agents.outdated import outdated
from threatweaver_appsec.engine.ports import Skipped

WORST_FIRST = list(Severity)
BROWSER_ONLY = frozenset({79, 80, 87, 352, 1021})
"""Weaknesses that need somebody's browser, which nobody points at an API."""


@dataclass(frozen=True)
class ScanProfile:
    """A kind of scan, as data: which agents run, and over how much."""

    name: str
    description: str
    attacks: bool = True
    least: Severity = Severity.INFO
    """Agents that find what is less severe are left out, watchers excepted."""
    without_cwes: frozenset[int] = frozenset()
    most_operations: int = 5_000
    most_requests: int = 50_000
    sources: frozenset[str] = frozenset()
    """Of operations; empty is all."""


PROFILES = {
    profile.name: profile
    for profile in (
        ScanProfile(
            "quick",
            "What is severe, on the first 150 operations.",
            least=Severity.HIGH,
            most_operations=150,
            most_requests=8_000,
        ),
        ScanProfile("full", "Every agent on everything that is found."),
        ScanProfile(
            "api-only",
            "What matters for APIs; nothing that needs a browser.",
            without_cwes=BROWSER_ONLY,
        ),
        ScanProfile("passive", "Looks at what the crawl exchanges; attacks nothing.", attacks=False),
    )
}


@cache
def all_agents() -> tuple[Agent, ...]:
    """Return every agent, by module and in its order. Raises ValueError for an id that is there twice."""
    found: list[Agent] = []
    for module in sorted(module.name for module in pkgutil.iter_modules(package.__path__)):
        found += getattr(import_module(f"{package.__name__}.{module}"), "AGENTS", ())
    names = [agent.about.id for agent in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"agents with the same id: {', '.join(twice)}")
    return tuple(found)


@cache
def listed_agents() -> tuple[Agent, ...]:
    """Return every agent that a scan can have: the one that is made of advisories is here without any."""
    return (*all_agents(), outdated(lambda _: []))


@dataclass(frozen=True)
class Wish:
    """What a scan asks of the catalog."""

    profile: ScanProfile = PROFILES["full"]
    safe: bool = True
    have: frozenset[str] = frozenset()
    """Of what probers need: login, two_identities, callback."""
    only: frozenset[str] = frozenset()
    """Ids; empty is all that do not have to be asked for."""
    also: frozenset[str] = frozenset()
    """Ids of agents that run only when they are asked for."""
    without: frozenset[str] = frozenset()


def chosen(agents: Iterable[Agent], wish: Wish) -> tuple[list[Agent], list[Skipped]]:
    """Return the agents that run, watchers first and the severe before the others, and those left out."""
    runs: list[Agent] = []
    left: list[Skipped] = []
    for agent in agents:
        why = next(_reasons(agent, wish), None)
        if why:
            left.append(Skipped(f"agent {agent.about.id}", why))
        else:
            runs.append(agent)
    return sorted(runs, key=_order), left


def fits(operation: Operation, profile: ScanProfile) -> bool:
    """Return whether a profile wants an operation."""
    return not profile.sources or operation.source in profile.sources


def _reasons(agent: Agent, wish: Wish) -> Iterator[str]:
    about, profile = agent.about, wish.profile
    highest = Safety.SAFE if wish.safe else Safety.INTRUSIVE
    asked = about.id in wish.only | wish.also
    if about.id in wish.without or (wish.only and not asked):
        yield "not asked for"
    if about.opt_in and not asked:
        yield "runs only when asked for"
    if about.safety > highest and not (asked and not wish.safe):
        yield "not in safe mode" if wish.safe else "destructive: runs only when asked for"
    if not profile.attacks and not isinstance(agent, Watcher):
        yield f"profile {profile.name} attacks nothing"
    if not isinstance(agent, Watcher) and WORST_FIRST.index(about.severity) > WORST_FIRST.index(
        profile.least
    ):
        yield f"less severe than profile {profile.name} asks for"
    if about.cwe in profile.without_cwes:
        yield f"not in profile {profile.name}"
    if isinstance(agent, Prober) and (missing := agent.needs - wish.have):
        yield f"needs {', '.join(sorted(missing))}"


def _order(agent: Agent) -> tuple[int, int, int]:
    kind = 0 if isinstance(agent, Watcher) else 1 if isinstance(agent, PointAgent) else 2
    return kind, agent.about.safety, WORST_FIRST.index(agent.about.severity)
