"""What a scan finds: watchers look at each exchange, and what anybody finds is kept once."""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from threatweaver_appsec.engine.agent import Agent, Watcher
from threatweaver_appsec.engine.budget import Entry
from threatweaver_appsec.engine.checkpoint import Memory
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.confirm import Watching
from threatweaver_appsec.engine.coverage import Coverage
from threatweaver_appsec.engine.events import AgentComplete, AgentError, Event, FindingNew
from threatweaver_appsec.engine.findings import Finding, Hit, finding_of, to_json, to_record
from threatweaver_appsec.engine.messages import Exchange

MOST_FINDINGS = 1_000
MOST_WRITTEN = 24_000_000  # characters of all findings with their exchanges


@dataclass
class Ledger:
    """Keeps findings, up to a bound, without the secrets that identities sign requests with."""

    base: str
    client: Client
    memory: Memory
    coverage: Coverage
    tell: Callable[[Event], Awaitable[None]]
    watching: Watching
    _watched: list[Finding] = field(default_factory=list)
    _written: int = 0

    def watch(self, agents: Iterable[Agent]) -> None:
        """Let watchers look from now on, at what they did not tell before the scan was resumed."""
        self.watching.watchers = tuple(agent for agent in agents if isinstance(agent, Watcher))
        self.watching.told |= set(self.memory.findings)

    def hear(self, exchange: Exchange, entry: Entry, *, attack: bool) -> None:
        """Show an exchange to the watchers; `settle` keeps what they find."""
        secrets = None
        for hit in self.watching.look(exchange, attack=attack):
            secrets = self.client.secrets() if secrets is None else secrets
            self._watched.append(finding_of(hit, base=self.base, at=entry.at, secrets=secrets))

    async def found(self, hit: Hit) -> None:
        """Keep what an agent has found."""
        secrets = self.client.secrets()
        await self._keep(finding_of(hit, base=self.base, at=time.time(), secrets=secrets))

    async def settle(self) -> None:
        """Keep what watchers have found since the last time."""
        while self._watched:
            await self._keep(self._watched.pop(0))

    async def close(self) -> None:
        """Tell what the watchers have done."""
        await self.settle()
        for name in (watcher.about.id for watcher in self.watching.watchers):
            if error := self.watching.broken.get(name):
                self.coverage.errors[name] = error
                await self.tell(AgentError(name, error))
            findings = sum(1 for one in self.memory.findings.values() if one.agent == name)
            await self.tell(AgentComplete(name, self.client.spent.requests, findings))

    async def _keep(self, finding: Finding) -> None:
        if finding.fingerprint in self.memory.findings:
            return
        self._written += len(to_json(finding))
        if len(self.memory.findings) >= MOST_FINDINGS or self._written > MOST_WRITTEN:
            self.coverage.note("further findings", "they are too many, or too long")
            return
        await self.memory.keep({"kind": "finding", "finding": to_record(finding)})
        await self.tell(FindingNew(finding))
