"""One of the two tenants of a probe: fill it, and read everything it shows."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from threatweaver.http.route import SIGNED_IN, Route
from threatweaver.ids import uuid7
from threatweaver.isolation import traces
from threatweaver.isolation.outcome import Outcome
from threatweaver.testing.contract.answers import Answer, Call
from threatweaver.testing.contract.person import NotCallable, Person

Sweep = Mapping[str, Answer]
_PATIENCE = 10  # times half a second until the jobs that a tenant's rows start have ended
_GOOD = range(200, 300)


class Side:
    """A person who calls these routes; what cannot be called is noted in the outcome."""

    def __init__(self, person: Person, routes: Sequence[Route], outcome: Outcome) -> None:
        self.person = person
        self.routes = routes
        self.outcome = outcome
        self._asked: dict[str, Call] = {}

    async def send(self, call: Call) -> Answer:
        """Send and count a call."""
        self.outcome.calls += 1
        return await self.person.api.send(call)

    async def prepared(self, route: Route) -> Call | None:
        """Return a call that succeeds; None where none can be made."""
        try:
            return await self.person.prepare(route)
        except NotCallable as error:
            self.outcome.not_called[name(route)] = str(error)[:200]
            return None

    async def own(self, route: Route) -> Call:
        """Return a call that succeeds, else one with ids that nothing has: better than none."""
        call = await self.prepared(route)
        if call is not None:
            return call
        path = "/".join(str(uuid7()) if part.startswith("{") else part for part in route.path.split("/"))
        return Call(route=route, path=path, headers=self.person.headers)

    async def furnish(self) -> None:
        """Do everything once that adds or changes something and ends nobody's session."""
        for route in self.routes:
            if route.writes and route.method != "DELETE" and route.permission is not SIGNED_IN:
                call = await self.prepared(route)
                if call is not None:
                    await self.send(call.by({"Prefer": "wait=20"}))

    async def sweep(self, only: Collection[str] | None = None) -> Sweep:
        """Return the answer of every read, or of these.

        Each is asked as it was before for as long as it succeeds: what it is about stays the same row, and
        the sweep adds none of its own.
        """
        found = {}
        for route in self.routes:
            if route.writes or (only is not None and name(route) not in only):
                continue
            call = self._asked.pop(name(route), None) or await self.prepared(route)
            if call is not None:
                found[name(route)] = answer = await self.send(call)
                if answer.status in _GOOD:
                    self._asked[name(route)] = call
        return found

    async def settled(self) -> tuple[Sweep, Sweep]:
        """Return two sweeps that are as alike as they will get: what they differ in changes by itself."""
        first, second = await self.sweep(), await self.sweep()
        for _ in range(_PATIENCE):
            restless = differing(first, second)
            if not restless:
                break
            await asyncio.sleep(0.5)
            first, second = second, {**second, **await self.sweep(restless)}
        return first, second


def name(route: Route) -> str:
    """Return `GET /tags`."""
    return f"{route.method} {route.path}"


def differing(first: Sweep, second: Sweep) -> set[str]:
    """Return the reads whose answers differ in more than ids and times."""
    both = {item for item in first.keys() & second.keys() if first[item] is not second[item]}
    return {item for item in both if traces.masked(first[item]) != traces.masked(second[item])}


def marks(answers: Iterable[Answer]) -> set[str]:
    """Return the marks in all answers."""
    return {mark for answer in answers for mark in traces.marks(answer)}
