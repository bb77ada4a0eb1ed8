"""The pipeline: bootstrap, profile, discover, plan, attack, validate, chain; each step tells what it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from threatweaver_appsec.engine.agent import Agent, Operation
from threatweaver_appsec.engine.attack import Attack
from threatweaver_appsec.engine.budget import Entry
from threatweaver_appsec.engine.catalog import Wish, chosen
from threatweaver_appsec.engine.chains import chains_of
from threatweaver_appsec.engine.checkpoint import Memory, NoStore, Store
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.confirm import Watching
from threatweaver_appsec.engine.coverage import Coverage
from threatweaver_appsec.engine.credentials import keeping, password_of, without_password
from threatweaver_appsec.engine.events import (
    AgentError,
    AssessmentComplete,
    ChainDiscovered,
    Event,
    PhaseChange,
    Progress,
    State,
)
from threatweaver_appsec.engine.health import Health
from threatweaver_appsec.engine.ledger import Ledger
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.places import template_of
from threatweaver_appsec.engine.plan import Intake, places
from threatweaver_appsec.engine.ports import Profile, Skipped
from threatweaver_appsec.engine.records import operation_record
from threatweaver_appsec.engine.sessions import SessionLost, Sessions
from threatweaver_appsec.engine.site import Ended, Named, Target
from threatweaver_appsec.engine.spared import SPARED, Spared

PLAIN = frozenset({"discover", "profile", "baseline", "login", "session", "health"})
"""Under whose names nothing is attacked."""
CUT_OFF = 1.0  # seconds after the requests are ended until what waits otherwise is ended, too
LOUDEST = 20  # operations of a kind that discovery may yield for each one that a scan takes


class Inconclusive(Exception):
    """The scan cannot say whether the target is well; the message says why."""


class Scan:
    """One run of an order. `events` runs it; `stop` ends it within two seconds."""

    def __init__(self, order: Order, store: Store | None = None) -> None:
        self.order = order
        self.memory = Memory(store or NoStore())
        self.coverage = Coverage()
        self.client = Client(
            order.scope, order.limits, order.id, self._hear, base=order.base, resolve=order.resolve
        )
        self.client.spared = Spared.of(order.logins)
        self._identity = order.logins[0].name if order.logins else None
        self._password = password_of(order.logins[0]) if order.logins else ""
        self._health = Health(self.client, Request("GET", f"{order.base}/"))
        self._sessions = Sessions(self.client, order.logins)
        self._ledger = Ledger(
            order.base, self.client, self.memory, self.coverage, self._tell, Watching((), order.base)
        )
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(maxsize=200)
        self._work: asyncio.Task[None] | None = None
        self._stopped = False
        self._doubt = ""

    def stop(self) -> None:
        """End the scan: nothing more is sent, and what is under way is cut off."""
        self._stopped = True
        self._halt()

    async def events(self) -> AsyncIterator[Event]:
        """Run the scan, and yield what happens; the last event is the end of it."""
        running = asyncio.create_task(self._run())
        try:
            while (event := await self._events.get()) is not None:
                yield event
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def _run(self) -> None:
        try:
            await self.memory.load()
            self.client.spent = self.memory.spent
            self.client.spared.known(self.memory.spared)
            async with self.client:
                state, reason = await self._watched_over()
            await self._ledger.settle()
        except Exception as error:  # noqa: BLE001 - whatever it is, a scan ends with its last event
            state, reason = State.FAILED, f"{type(error).__name__}: {error}"[:500]
        spent = self.client.spent
        manifest = self.coverage.manifest(self.memory)
        await self._tell(PhaseChange(state, reason))
        await self._tell(AssessmentComplete(state, reason, spent.requests, round(spent.seconds, 1), manifest))
        await self._events.put(None)

    async def _watched_over(self) -> tuple[State, str]:
        """Run the phases while somebody looks whether the target is well; return the end and why."""
        self._work = asyncio.create_task(self._phases())
        watch = asyncio.create_task(self._watch())
        try:
            await self._work
        except (Ended, Inconclusive, SessionLost) as end:
            return self._end(end)
        except asyncio.CancelledError:
            if self._stopped or self._doubt:
                return self._end(Ended())
            raise
        finally:
            watch.cancel()
            self._work.cancel()
        if self._stopped or self._doubt:  # said while the last step was under way
            return self._end(Ended())
        return State.COMPLETED, ""

    async def _phases(self) -> None:
        await self._phase(State.PROFILING)
        agents = self._choose()  # watchers look at how somebody signs in, too
        await self._bootstrap()
        await self._discover()
        await self._phase(State.PLANNING)
        attack = self._plan(agents)
        await self._phase(State.ATTACKING, f"{attack.total} places")
        await attack.run()
        await self._phase(State.VALIDATING)
        await self._validate()
        await self._phase(State.CHAINING)
        for chain in chains_of(list(self.memory.findings.values())):
            await self._tell(ChainDiscovered(chain))

    async def _bootstrap(self) -> None:
        if not self.memory.seed:
            await self.memory.keep({"kind": "begun", "seed": self.order.seed, "base": self.order.base})
        if reason := await self._health.begin() or await self._sessions.begin():
            raise Inconclusive(reason)
        if self.memory.profile is None:
            look, named = self.order.look, Named(self.client, "profile")
            profile = await look(named, self.order.base, self._identity) if look else Profile()
            technologies = [list(pair) for pair in profile.technologies]
            await self.memory.keep({"kind": "profile", "technologies": technologies, "waf": profile.waf})

    def _choose(self) -> list[Agent]:
        order = self.order
        have = {"login"} if order.logins else set()
        have |= {"two_identities"} if len(order.logins) > 1 else set()
        have |= {"callback"} if order.callbacks else set()
        wish = Wish(order.profile, order.scope.safe, frozenset(have), order.only, order.also, order.without)
        agents, left = chosen(order.agents, wish)
        self.coverage.agents = agents
        for one in left:
            self.coverage.note(one.what, one.why)
        self._ledger.watch(agents)
        return agents

    async def _discover(self) -> None:
        for _ in range(2):
            if not self.memory.discovered:
                await self._crawl()
            if not (self.order.logins and await self._sessions.lost()):
                break
            self.memory.discovered = False  # what was found was partly found as nobody
        await self._ledger.settle()
        spared = {"kind": "spared", "known": self.client.spared.record()}
        await self.memory.keep(spared, {"kind": "discovered"})
        if not self.memory.operations:
            raise Inconclusive("nothing was found that could be tested")

    async def _crawl(self) -> None:
        if self.memory.operations:
            await self.memory.keep({"kind": "forgotten"})
        intake, seen = Intake(self.order.profile.most_operations), 0
        named = Named(self.client, "discover")
        async for found in self._lenient(self.order.discover(named, self.order.base, self._identity)):
            taken = found if isinstance(found, Skipped) else self._taken(intake, found)
            if isinstance(taken, Skipped):
                self.coverage.note(taken.what, taken.why)
            elif taken:
                await self._ledger.settle()
                await self.memory.keep(operation_record(without_password(taken, self._password)))
            seen += 1
            if seen % 20 == 0:
                await self._progress()
            if self.client.stopped or seen >= LOUDEST * intake.most:
                self.coverage.note("further operations", "discovery was ended")
                break
        if self.client.stopped:
            raise Ended

    async def _lenient(self, found: AsyncIterator[Operation | Skipped]) -> AsyncIterator[Operation | Skipped]:
        """What discovery yields, up to where it fails: what it has found by then is tested."""
        try:
            async for one in found:
                yield one
        except Exception as error:  # noqa: BLE001 - a reader of hostile pages must not end the scan
            text = f"{type(error).__name__}: {error}"[:300]
            self.coverage.note("what discovery had not found yet", f"discovery failed: {text}")
            await self._tell(AgentError("discover", text))

    def _taken(self, intake: Intake, found: Operation) -> Operation | Skipped | None:
        wanted = self.order.profile.sources
        if wanted and found.source not in wanted:
            return Skipped(f"source {found.source}", f"not in profile {self.order.profile.name}")
        if why := self.client.refusal(found.request):
            return Skipped(f"{found.request.method} {found.request.parts.path}"[:300], why)
        return intake.take(found)

    def _plan(self, agents: list[Agent]) -> Attack:
        order = self.order
        operations = [
            replace(one, request=keeping(one.request, self._password))
            for one in self.memory.operations.values()
        ]
        attacked, left = places(operations, safe=order.scope.safe)
        for one in left:
            self.coverage.note(one.what, one.why)
        target = Target(
            self.client,
            order.base,
            self.memory.seed,
            operations,
            {login.name: login for login in order.logins},
            order.callbacks,
        )
        return Attack(
            target,
            agents,
            attacked,
            self.memory,
            self.coverage,
            self._sessions,
            self._tell,
            self._ledger.found,
            self._ledger.settle,
            order.limits.together,
        )

    async def _validate(self) -> None:
        """See that target and sessions stood to the end, and close the watchers."""
        if reason := await self._health.verify():
            raise Inconclusive(reason)
        if self.order.logins:
            await self._sessions.lost()
        await self._ledger.close()

    def _hear(self, exchange: Exchange, entry: Entry) -> None:
        self.order.log(exchange, entry)
        if entry.agent != "health":
            self._health.hear(exchange)
        if entry.agent in PLAIN:
            self.client.spared.look(exchange)
        if entry.why.startswith(SPARED) and entry.agent != "discover":  # it tells what it leaves out
            self.coverage.note(f"{entry.method} {template_of(entry.url)}", entry.why)
        self._ledger.hear(exchange, entry, attack=entry.agent not in PLAIN)

    async def _watch(self) -> None:
        self._doubt = await self._health.watch()
        self._halt()

    def _halt(self) -> None:
        self.client.stop()
        if self._work:
            asyncio.get_running_loop().call_later(CUT_OFF, self._work.cancel)

    def _end(self, end: Exception) -> tuple[State, str]:
        """Return the state that an early end leaves the scan in, and why."""
        if self._stopped:
            return State.CANCELLED, "stopped"
        if self._doubt:
            return State.INCONCLUSIVE, self._doubt
        spent = self.client.exhausted
        if spent and any(self.memory.tested.values()):
            self.coverage.note("the rest", f"{spent} is used up")
            return State.COMPLETED, f"{spent} is used up; coverage says what was not tested"
        if spent:
            return State.INCONCLUSIVE, f"{spent} is used up before anything was tested"
        return State.INCONCLUSIVE, str(end) or "nothing more could be sent"

    async def _phase(self, state: State, detail: str = "") -> None:
        await self._tell(PhaseChange(state, detail))

    async def _progress(self) -> None:
        known, findings = len(self.memory.operations), len(self.memory.findings)
        await self._tell(Progress(0, 0, self.client.spent.requests, known, findings))

    async def _tell(self, event: Event) -> None:
        await self._events.put(event)
