"""The probe: somebody of one tenant calls every route with every id of another, and looks for a trace."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from threatweaver.http.route import PUBLIC, SIGNED_IN, Route
from threatweaver.ids import uuid7
from threatweaver.isolation import slots, traces
from threatweaver.isolation.slots import Slot
from threatweaver.testing.contract.answers import Answer, Call
from threatweaver.testing.contract.person import NotCallable, Person

_GOOD = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One trace of the other tenant: where, of which kind, and what was seen."""

    route: str
    place: str
    kind: str  # row, count, answer or change
    detail: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a probe did and found; `times` are ratios of medians, the other's id to a random one."""

    routes: int = 0
    places: int = 0
    ids: int = 0
    calls: int = 0
    leaks: list[Leak] = field(default_factory=list)
    not_called: dict[str, str] = field(default_factory=dict)
    not_compared: list[str] = field(default_factory=list)
    times: dict[str, float] = field(default_factory=dict)


class Probe:
    """`most` bounds how many of the other's ids are tried in one place; those of its own kind come first.

    `samples` calls of each kind are timed, and the routes in `spare` are left alone.
    """

    def __init__(
        self,
        ours: Person,
        theirs: Person,
        *,
        most: int = 1000,
        samples: int = 0,
        spare: Collection[str] = (),
    ) -> None:
        self.spare = spare
        self.ours = ours
        self.theirs = theirs
        self.most = most
        self.samples = samples
        self.outcome = Outcome()

    async def run(self) -> Outcome:
        """Fill both tenants, look at ours before and after the other's, then try the other's ids."""
        routes = [
            route
            for route in self.ours.api.routes
            if route.permission is not PUBLIC and f"{route.method} {route.path}" not in self.spare
        ]
        self.outcome.routes = len(routes)
        await self._furnish(self.ours, routes)
        first, second = await self._sweep(self.ours, routes), await self._sweep(self.ours, routes)
        await self._furnish(self.theirs, routes)
        held = [await self._sweep(self.theirs, routes) for _ in range(2)]
        known = _marks([*first.values(), *second.values()])
        foreign = _marks(held[0].values()) - known
        self._rows(await self._sweep(self.ours, routes), first, second, foreign)
        by_route = {name: sorted(traces.ids(answer) & foreign) for name, answer in held[0].items()}
        self.outcome.ids = len({item for found in by_route.values() for item in found})
        await self._places(routes, by_route)
        self._changes(await self._sweep(self.theirs, routes), *held)
        return self.outcome

    async def _send(self, call: Call) -> Answer:
        self.outcome.calls += 1
        return await self.ours.api.send(call)

    async def _furnish(self, person: Person, routes: Sequence[Route]) -> None:
        """Do everything once that adds or changes something and ends nobody's session."""
        for route in routes:
            if route.writes and route.method != "DELETE" and route.permission is not SIGNED_IN:
                call = await self._prepared(person, route)
                if call is not None:
                    await self._send(call.by({"Prefer": "wait=20"}))

    async def _sweep(self, person: Person, routes: Sequence[Route]) -> dict[str, Answer]:
        """Return the answer of every read."""
        found = {}
        for route in routes:
            call = None if route.writes else await self._prepared(person, route)
            if call is not None:
                found[f"{route.method} {route.path}"] = await self._send(call)
        return found

    async def _prepared(self, person: Person, route: Route) -> Call | None:
        try:
            return await person.prepare(route)
        except NotCallable as error:
            self.outcome.not_called[f"{route.method} {route.path}"] = str(error)[:200]
            return None

    def _rows(
        self,
        now: Mapping[str, Answer],
        first: Mapping[str, Answer],
        second: Mapping[str, Answer],
        foreign: set[str],
    ) -> None:
        """Nothing of the other tenant stands in our answers, and none changed because it came."""
        for name, answer in now.items():
            if seen := traces.marks(answer) & foreign:
                self._found(name, "", "row", f"{len(seen)} ids or marks of the other tenant")
            if name not in second or traces.masked(first[name]) != traces.masked(second[name]):
                self.outcome.not_compared.append(name)
            elif traces.masked(answer) != traces.masked(second[name]):
                self._found(name, "", "count", "the answer changed when the other tenant got its rows")

    def _changes(
        self, now: Mapping[str, Answer], first: Mapping[str, Answer], second: Mapping[str, Answer]
    ) -> None:
        """What the other tenant holds is as it was before we tried its ids."""
        for name, answer in now.items():
            stable = name in second and traces.masked(first[name]) == traces.masked(second[name])
            if stable and traces.masked(answer) != traces.masked(second[name]):
                self._found(name, "", "change", "the other tenant's rows changed")

    async def _places(self, routes: Sequence[Route], by_route: Mapping[str, list[str]]) -> None:
        for route in routes:
            for slot in slots.of(route):
                call = await self._own(route)
                self.outcome.places += 1
                await self._place(slot, call, self._candidates(route, by_route))
                if not route.writes and slot.where == "path" and self.samples:
                    await self._time(slot, call, self._candidates(route, by_route)[:1])

    async def _own(self, route: Route) -> Call:
        """Return a call that succeeds, else one with ids that nothing has: better than none."""
        call = await self._prepared(self.ours, route)
        if call is not None:
            return call
        path = "/".join(str(uuid7()) if part.startswith("{") else part for part in route.path.split("/"))
        return Call(route=route, path=path, headers=self.ours.headers)

    def _candidates(self, route: Route, by_route: Mapping[str, list[str]]) -> list[str]:
        """Return the other's ids, those of the route's own resource first."""
        near = f"/{route.path.split('/')[1]}"
        ordered = sorted(by_route, key=lambda name: near not in name)
        return list(dict.fromkeys(item for name in ordered for item in by_route[name]))[: self.most]

    async def _place(self, slot: Slot, call: Call, foreign: Sequence[str]) -> None:
        """Compare what the other's ids bring with what ids bring that nothing has."""
        expected = [await self._send(slot.fill(call, str(uuid7()))) for _ in range(2)]
        acts = slot.route.writes and expected[0].status in _GOOD
        known = {traces.masked(answer) for answer in expected}
        for identifier in foreign:
            fresh = await self._own(slot.route) if acts else call
            answer = await self._send(slot.fill(fresh, identifier))
            if traces.masked(answer) not in known:
                detail = (
                    f"{answer.status} {answer.code or ''}, where an unknown id gives {expected[0].status}"
                )
                self._found(f"{slot.route.method} {slot.route.path}", _where(slot), "answer", detail)
                return

    async def _time(self, slot: Slot, call: Call, foreign: Sequence[str]) -> None:
        """Report, and judge nothing: a ratio of medians on a busy machine is a hint."""
        taken: dict[bool, list[float]] = {True: [], False: []}
        for number in range(2 * self.samples if foreign else 0):
            other = number % 2 == 0
            start = time.perf_counter()
            await self._send(slot.fill(call, foreign[0] if other else str(uuid7())))
            taken[other].append(time.perf_counter() - start)
        if foreign:
            name = f"{slot.route.method} {slot.route.path}"
            self.outcome.times[name] = round(median(taken[True]) / median(taken[False]), 2)

    def _found(self, route: str, place: str, kind: str, detail: str) -> None:
        self.outcome.leaks.append(Leak(route=route, place=place, kind=kind, detail=detail))


def _marks(answers: Iterable[Answer]) -> set[str]:
    return {mark for answer in answers for mark in traces.marks(answer)}


def _where(slot: Slot) -> str:
    return f"{slot.where}: {slot.name}"
