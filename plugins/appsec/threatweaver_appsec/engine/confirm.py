"""Runs agents: a hit is what showed, showed again with fresh values, and did not show in its controls.

A target whose answers vary by themselves is believed only after more repetitions: what shows by chance once
does not show every time while each control between shows nothing.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

from threatweaver_appsec.engine.accounts import passwords
from threatweaver_appsec.engine.agent import (
    Attempt,
    Confirmation,
    Operation,
    PointAgent,
    Prober,
    Proof,
    Sight,
    Suspicion,
    Watcher,
)
from threatweaver_appsec.engine.baselines import Baselines
from threatweaver_appsec.engine.beside import beside_of
from threatweaver_appsec.engine.credentials import put_alike
from threatweaver_appsec.engine.findings import Hit, fingerprint, watched
from threatweaver_appsec.engine.messages import Exchange, Fault
from threatweaver_appsec.engine.pace import LIMITED
from threatweaver_appsec.engine.places import key_of, name_of, template_of
from threatweaver_appsec.engine.points import Point, Value
from threatweaver_appsec.engine.site import Target
from threatweaver_appsec.engine.tickets import Tickets

MOST_ATTEMPTS = 60  # of an agent at one point
MOST_HITS = 200  # of an agent; a target that makes up more would fill the report
STEADY = 4  # answers without an attack, beside both baselines, that have to be the same
MORE_REPETITIONS = 3  # of a target whose answers vary
LONGEST_LOOK = 32_768  # bytes of an answer to an attack that watchers look at: errors stand at its beginning
MOST_SEEN = 100_000
MOST_LIMITED = 4  # answers in a row, each after its pause, until a point is left for later agents
UNSENDABLE = frozenset({Fault.MALFORMED, Fault.OUT_OF_SCOPE, Fault.REFUSED})

Show = Callable[[int], Awaitable[Proof | None]]
"""Sees whether something shows with the fresh values of a repetition."""


@dataclass(frozen=True)
class Verdict:
    """What came of an agent at a point: a hit, clear, not wanted, or not tested and why."""

    hit: Hit | None = None
    wanted: bool = True
    untested: str = ""
    limited: bool = False


@dataclass(frozen=True)
class Sent:
    """An attempt's answers, and the callbacks that its values named."""

    attempt: Attempt
    exchanges: tuple[Exchange, ...]
    urls: list[str]


class Limited(Exception):
    """The place refuses to be asked so often, whatever the pauses: it cannot be tested now."""

    def __str__(self) -> str:
        return "the place limits how often it is asked (status 429)"


@dataclass
class Trial:
    """One agent at one point of one operation."""

    target: Target
    agent: PointAgent
    operation: Operation
    point: Point
    baseline: Exchange
    again: Exchange
    tickets: Tickets = field(default_factory=Tickets)
    limited: int = 0
    """Answers in a row that say that requests are limited here."""

    async def run(self) -> Hit | None:
        """Try the agent's attacks in turn until one is confirmed. Raises `site.Ended` and `Limited`.

        Those that wait for callbacks are all sent before their calls are waited for, once.
        """
        handed: list[str] = []
        waiting: list[tuple[int, Sent]] = []
        attempts = self._attempts(0, handed)
        for index in range(MOST_ATTEMPTS):
            before = len(handed)
            attempt = next(attempts, None)
            if attempt is None:
                break
            sent = await self._send(attempt, attempt.values, handed[before:])
            if sent and sent.urls and attempt.patience:
                waiting.append((index, sent))
            elif sent and self._shows(sent, ()) and (hit := await self.confirm(index)):
                return hit
        called = await self.target.called_of(
            [url for _, sent in waiting for url in sent.urls],
            max((sent.attempt.patience for _, sent in waiting), default=0.0),
        )
        for index, sent in waiting:
            if self._shows(sent, called) and (hit := await self.confirm(index)):
                return hit
        return None

    async def confirm(self, index: int) -> Hit | None:
        """Return the hit of the attack at a position where it shows as often as it must."""

        async def seen(repetition: int, *, control: bool) -> Proof | None:
            handed: list[str] = []
            attempt = next(islice(self._attempts(repetition, handed), index, None), None)
            if attempt is None:
                return None
            return await self._see(attempt, attempt.controls if control else attempt.values, handed)

        need = self.agent.about.confirmation
        attempt = next(islice(self._attempts(0, []), index, None), None)
        if attempt and attempt.textual and not await self._steady():
            need = Confirmation(need.of + MORE_REPETITIONS, need.of + MORE_REPETITIONS)
        proof, shown = await repeated(
            need, lambda time: seen(time, control=False), lambda time: seen(time, control=True)
        )
        if proof is None:
            return None
        page = self.tickets.page_of(self.operation, self.target.sender_of(self.operation.request))
        proof = replace(proof, point=proof.point or self.point, exchanges=(*page, *proof.exchanges))
        return Hit(self.agent.about, proof, self.operation, index, shown, need.of)

    def _attempts(self, repetition: int, handed: list[str]) -> Iterator[Attempt]:
        place = (key_of(self.operation), name_of(self.point), repetition)
        return self.agent.attempts(self.point, self.baseline, self.target.nonce(*place, handed=handed))

    async def _see(self, attempt: Attempt, values: tuple[Value, ...], handed: list[str]) -> Proof | None:
        sent = await self._send(attempt, values, handed)
        if sent is None:
            return None
        called = await self.target.called_of(sent.urls, attempt.patience) if sent.urls else ()
        return self._shows(sent, called)

    async def _send(self, attempt: Attempt, values: tuple[Value, ...], handed: list[str]) -> "Sent | None":
        exchanges: list[Exchange] = []
        for value in values:
            attack = partial(put_alike, point=self.point, value=value)
            exchange = await self.tickets.send(self.target, self.operation, attack)
            if exchange.fault in UNSENDABLE:
                return None
            self.limited = self.limited + 1 if exchange.status == LIMITED else 0
            if self.limited >= MOST_LIMITED:
                raise Limited
            exchanges.append(exchange)
        who = self.target.sender_of(self.operation.request)
        if who and self.point in passwords(self.operation.request):
            await self.tickets.send(self.target, self.operation)  # as it was, or nobody gets in again
        sent, others = str(values), str(attempt.controls if values is attempt.values else attempt.values)
        mine = [url for url in handed if url in sent or (values is attempt.values and url not in others)]
        return Sent(attempt, tuple(exchanges), mine)

    def _shows(self, sent: "Sent", called: tuple[str, ...]) -> Proof | None:
        mine = tuple(url for url in called if url in sent.urls)
        return sent.attempt.shows(Sight(self.baseline, sent.exchanges, mine, self.again))

    async def _steady(self) -> bool:
        """Whether the request without an attack is answered the same each time."""
        more = [await self.tickets.send(self.target, self.operation) for _ in range(STEADY)]
        answers = (self.baseline, self.again, *more)
        return len({(answer.status, answer.text) for answer in answers}) == 1


async def try_point(
    target: Target, agent: PointAgent, operation: Operation, point: Point, baselines: Baselines
) -> Verdict:
    """Run an agent at a point. Raises `site.Ended`, and whatever the agent raises."""
    baseline, again = await baselines.of(key_of(operation), target, operation)
    if baseline.fault or again.fault:
        return Verdict(untested=f"no answer without an attack: {baseline.fault or again.fault}")
    if not agent.wants(point, baseline):
        return Verdict(wanted=False)
    try:
        by, tickets = target.by(agent.about.id), baselines.tickets
        return Verdict(await Trial(by, agent, operation, point, baseline, again, tickets).run())
    except Limited as limited:
        return Verdict(untested=str(limited), limited=True)


async def probed(target: Target, agent: Prober) -> AsyncIterator[Hit]:
    """Run a prober, yield what it suspects rightly. Raises `site.Ended`, and whatever the agent raises."""
    asked: set[str] = set()
    before: set[str] = set()
    mine = replace(target.by(agent.about.id), asked=asked)
    number = 0
    async for suspicion in agent.probe(mine, mine.nonce("probe")):
        number += 1
        before |= asked
        asked.clear()  # by the agent, which holds the same set
        proof, shown = await _again(mine, agent.about.confirmation, suspicion, number)
        if proof:
            operation = suspicion.operation or _operation_of(mine, proof)
            beside = beside_of(mine.operations, asked, before)
            yield Hit(agent.about, proof, operation, 0, shown, agent.about.confirmation.of, beside)


async def _again(
    target: Target, need: Confirmation, suspicion: Suspicion, number: int
) -> tuple[Proof | None, int]:
    def show(time: int) -> Awaitable[Proof | None]:
        return suspicion.shows(target.nonce(number, time))

    def control(time: int) -> Awaitable[Proof | None]:
        return suspicion.control(target.nonce(number, time, "control"))

    return await repeated(need, show, control)


async def repeated(need: Confirmation, show: Show, control: Show) -> tuple[Proof | None, int]:
    """Return the last proof and how often it showed; None as soon as it cannot show often enough any more.

    Where proofs have marks, what is left of them counts: those that showed each time, and in no control.
    """
    proof, shown = None, 0
    left: frozenset[str] | None = None
    for time in range(1, need.of + 1):
        if seen := await show(time):
            proof, shown = seen, shown + 1
            left = seen.marks if left is None else left & seen.marks
        if shown + need.of - time < need.least:
            return None, shown
        if against := await control(time):
            if not left or not against.marks:
                return None, shown
            left -= against.marks
        if proof and proof.marks and not left:
            return None, shown
    return proof, shown


@dataclass
class Watching:
    """Shows each exchange to the watchers, and tells each thing that they find once."""

    watchers: tuple[Watcher, ...]
    base: str
    told: set[str] = field(default_factory=set)
    """Fingerprints."""
    broken: dict[str, str] = field(default_factory=dict)
    """Watchers that raised, and what; they look no more."""
    seen: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def look(self, exchange: Exchange, *, attack: bool = False) -> list[Hit]:
        """Return what an exchange shows and none has shown; of an answer to an attack the beginning."""
        found: list[Hit] = []
        if exchange.response is None or not self._is_new(exchange):
            return found
        if attack and len(exchange.response.body) > LONGEST_LOOK:
            cut = replace(exchange.response, body=exchange.response.body[:LONGEST_LOOK], truncated=True)
            exchange = replace(exchange, response=cut)
        operation = watched(exchange)
        for watcher in self.watchers:
            if watcher.about.id in self.broken:
                continue
            try:
                proofs = list(islice(watcher.look(exchange), 50))
            except Exception as error:  # noqa: BLE001 - an agent that fails must not end the scan
                self.broken[watcher.about.id] = f"{type(error).__name__}: {error}"[:300]
                continue
            found += [hit for proof in proofs if (hit := self._new(Hit(watcher.about, proof, operation)))]
        return found

    def _is_new(self, exchange: Exchange) -> bool:
        """Whether nothing at this place was answered in the same way, byte by byte."""
        answer = exchange.response
        assert answer is not None  # noqa: S101 - said by the caller
        names = tuple(name for name, _ in answer.headers)
        place = (exchange.request.method, template_of(exchange.request.url), exchange.identity)
        mark = hash((*place, answer.status, names, answer.body))
        if mark in self.seen:
            return False
        self.seen.add(mark)
        if len(self.seen) > MOST_SEEN:
            self.seen.clear()
        return True

    def _new(self, hit: Hit) -> Hit | None:
        name = fingerprint(hit, self.base)
        count = self.counts[hit.about.id]
        if name in self.told or count >= MOST_HITS:
            return None
        self.counts[hit.about.id] += 1
        self.told.add(name)
        return hit


def _operation_of(target: Target, proof: Proof) -> Operation:
    """What a prober's proof is about when it names no operation: what was sent, or the whole target."""
    if proof.exchanges:
        return watched(proof.exchanges[-1])
    return target.operations[0]
