"""Runs the agents of a scan over its places, and remembers what is done only when that is sure."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from threatweaver_appsec.engine.agent import Agent, PointAgent, Prober
from threatweaver_appsec.engine.baselines import Baselines
from threatweaver_appsec.engine.checkpoint import Memory, place_number
from threatweaver_appsec.engine.confirm import MOST_HITS, Limited, Verdict, probed, try_point
from threatweaver_appsec.engine.coverage import Coverage
from threatweaver_appsec.engine.events import AgentComplete, AgentError, AgentStart, Event, Progress
from threatweaver_appsec.engine.findings import Hit
from threatweaver_appsec.engine.places import name_of, template
from threatweaver_appsec.engine.plan import Place
from threatweaver_appsec.engine.points import Point, Where
from threatweaver_appsec.engine.sessions import Sessions
from threatweaver_appsec.engine.site import Ended, Target

PER_REQUEST = 3  # places under way for each request that may be: some wait for callbacks
BATCH = 40  # places; after a kill, those of one batch are tested again
TIMES = 3  # that places are tested again when a session was lost meanwhile
MOST_ERRORS = 5  # of one agent; it is left out then
IMPLIES = {98: 918}
"""What includes a file from elsewhere requests it, too: one weakness, told by its worse name."""
LEFT_ALONE = 60.0  # seconds that a place which limits requests is not attacked: such limits count minutes
SCRIPTING = 79
WHOLE = "*"

Known = tuple[int, str, str, str]


@dataclass
class Attack:
    """Agents one after another, places of one agent side by side, verdicts in the places' order."""

    target: Target
    agents: Sequence[Agent]
    places: Sequence[Place]
    memory: Memory
    coverage: Coverage
    sessions: Sessions
    tell: Callable[[Event], Awaitable[None]]
    found: Callable[[Hit], Awaitable[None]]
    """Takes a hit; `settle` takes what watchers have seen meanwhile."""
    settle: Callable[[], Awaitable[None]]
    together: int = 8
    _baselines: Baselines = field(default_factory=Baselines)
    _limited: dict[str, float] = field(default_factory=dict)
    """Until when places are left alone, by their marks."""
    _done: int = 0

    async def run(self) -> None:
        """Run every agent. Raises `Ended` where nothing more may be sent, `SessionLost` where nobody is."""
        for agent in self.agents:
            name = agent.about.id
            if place_number(name, WHOLE) in self.memory.done:
                self._done += self._size(agent)
            elif isinstance(agent, PointAgent | Prober):
                await self.tell(AgentStart(name))
                await (self._points(agent) if isinstance(agent, PointAgent) else self._probe(agent))
                await self._keep(name, [WHOLE], 0)
                findings = sum(1 for one in self.memory.findings.values() if one.agent == name)
                await self.tell(AgentComplete(name, self.memory.tested.get(name, 0), findings))
            self.coverage.finished.add(name)

    @property
    def total(self) -> int:
        """Places of all agents."""
        return sum(map(self._size, self.agents))

    def _size(self, agent: Agent) -> int:
        return len(self.places) if isinstance(agent, PointAgent) else 1

    async def _points(self, agent: PointAgent) -> None:
        name, errors = agent.about.id, 0
        todo = deque(place for place in self.places if place_number(name, place.mark) not in self.memory.done)
        self._done += len(self.places) - len(todo)
        again = count()
        while todo and errors < MOST_ERRORS:
            came: list[tuple[Place, Verdict | Exception]] = []
            try:
                await self._batch(agent, todo, came)
            except Ended:
                if self.target.client.exhausted and not self.sessions.logins:
                    await self._take(agent, came)  # tested while the budget lasted, by somebody who was well
                raise
            if self.sessions.logins and await self.sessions.lost() and next(again) < TIMES:
                todo.extendleft(place for place, _ in reversed(came))
                continue
            errors += await self._take(agent, came)
        self._done += len(todo)
        if todo:
            self.coverage.note(f"{len(todo)} places by {name}", "the agent failed too often")

    async def _batch(
        self, agent: PointAgent, todo: deque[Place], came: list[tuple[Place, Verdict | Exception]]
    ) -> None:
        """Test places from the left, until there are enough of them or it is time to look at the session."""
        running: deque[tuple[Place, asyncio.Task[Verdict | Exception]]] = deque()
        known = self._known()
        try:
            while True:
                while (
                    todo and len(running) < PER_REQUEST * self.together and len(came) + len(running) < BATCH
                ):
                    if came and self.sessions.due:
                        break
                    place = todo.popleft()
                    running.append((place, asyncio.create_task(self._try(agent, place, known))))
                if not running:
                    return
                place, task = running[0]
                came.append((place, await task))
                running.popleft()
        finally:
            for _, task in running:
                task.cancel()
            await asyncio.gather(*(task for _, task in running), return_exceptions=True)

    async def _try(self, agent: PointAgent, place: Place, known: set[Known]) -> Verdict | Exception:
        if _weakness(agent, place) in known:
            return Verdict(wanted=False)
        if (until := self._limited.get(place.mark)) and time.monotonic() < until:
            return Verdict(untested=str(Limited()))
        try:
            verdict = await try_point(self.target, agent, place.operation, place.point, self._baselines)
        except Ended:
            raise
        except Exception as error:  # noqa: BLE001 - an agent that fails must not end the scan
            return error
        if verdict.limited:
            self._limited[place.mark] = time.monotonic() + LEFT_ALONE
        return verdict

    async def _take(self, agent: PointAgent, came: list[tuple[Place, Verdict | Exception]]) -> int:
        """Remember findings before the places that have them; return how often the agent failed."""
        errors = tested = 0
        for place, verdict in came:
            if isinstance(verdict, Exception):
                errors += 1
                await self._failed(agent.about.id, verdict)
            elif verdict.untested:
                where = f"{place.operation.request.method} {template(place.operation)}"
                self.coverage.note(where, verdict.untested)
            elif verdict.wanted:
                tested += 1
            if isinstance(verdict, Verdict) and verdict.hit and not self._is_known(agent, place):
                await self.found(verdict.hit)
        await self._keep(agent.about.id, [place.mark for place, _ in came], tested)
        self._done += len(came)
        await self._progress()
        return errors

    async def _probe(self, agent: Prober) -> None:
        for _ in range(TIMES):
            hits = 0
            try:
                async for hit in probed(self.target, agent):
                    await self.found(hit)
                    hits += 1
                    if hits >= MOST_HITS:
                        break
            except Ended:
                raise
            except Exception as error:  # noqa: BLE001 - an agent that fails must not end the scan
                await self._failed(agent.about.id, error)
                break
            if not (self.sessions.logins and await self.sessions.lost()):
                break
        await self._keep(agent.about.id, [], 1)
        self._done += 1
        await self._progress()

    async def _failed(self, agent: str, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"[:300]
        if agent not in self.coverage.errors:
            self.coverage.errors[agent] = text
            await self.tell(AgentError(agent, text))

    async def _keep(self, agent: str, marks: list[str], tested: int) -> None:
        await self.settle()
        numbers = [place_number(agent, mark) for mark in marks]
        spent = self.target.client.spent
        await self.memory.keep(
            {"kind": "done", "agent": agent, "places": numbers, "tested": tested},
            {
                "kind": "spent",
                "requests": spent.requests,
                "seconds": self.target.client.elapsed,
                "bytes": spent.bytes,
            },
        )

    async def _progress(self) -> None:
        requests, findings = self.target.client.spent.requests, len(self.memory.findings)
        await self.tell(Progress(self._done, self.total, requests, len(self.memory.operations), findings))

    def _is_known(self, agent: PointAgent, place: Place) -> bool:
        """Whether a place of the same batch has shown the same weakness meanwhile."""
        return _weakness(agent, place) in self._known()

    def _known(self) -> set[Known]:
        """Weaknesses by place: another agent need not find the same there by other means."""
        return {
            _told(cwe, one.method, one.template, one.point)
            for one in self.memory.findings.values()
            if one.point
            for cwe in (one.cwe, IMPLIES.get(one.cwe, one.cwe))
        }


def _weakness(agent: PointAgent, place: Place) -> Known:
    operation = place.operation
    return _told(agent.about.cwe, operation.request.method, template(operation), place.point)


def _told(cwe: int, method: str, path: str, point: Point) -> Known:
    """What is one weakness: a cookie that pages show is shown by what they share, so it is one in all."""
    everywhere = cwe == SCRIPTING and point.where is Where.COOKIE
    return (cwe, "", "", name_of(point)) if everywhere else (cwe, method, path, name_of(point))
