"""The probe: somebody of one tenant calls every route with every id of another, and looks for a trace."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from statistics import median

from threatweaver.auth.permissions import PLATFORM
from threatweaver.http.route import PUBLIC, Route
from threatweaver.ids import uuid7
from threatweaver.isolation import slots, traces
from threatweaver.isolation.outcome import Leak, Outcome
from threatweaver.isolation.side import Side, Sweep, differing, marks, name
from threatweaver.isolation.slots import Slot
from threatweaver.testing.contract.answers import Call
from threatweaver.testing.contract.person import Person

_GOOD = range(200, 300)
Ids = Mapping[str, Sequence[str]]
"""The other tenant's ids, by the read that shows them."""


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
        # An operator's route is about other tenants by design, and closed to both people here.
        asked = [r for r in ours.api.routes if r.permission is not PUBLIC and r.permission not in PLATFORM]
        self.routes = [route for route in asked if name(route) not in spare]
        self.outcome = Outcome(routes=len(self.routes))
        self.ours = Side(ours, self.routes, self.outcome)
        self.theirs = Side(theirs, self.routes, self.outcome)
        self.most = most
        self.samples = samples

    async def run(self) -> Outcome:
        """Fill both tenants, look at ours before and after the other's, then try the other's ids."""
        await self.ours.furnish()
        before = await self.ours.settled()
        await self.theirs.furnish()
        held = await self.theirs.settled()
        foreign = marks(held[1].values()) - marks([*before[0].values(), *before[1].values()])
        await self._rows(await self.ours.sweep(), before, foreign)
        ids = {read: sorted(traces.ids(answer) & foreign) for read, answer in held[1].items()}
        self.outcome.ids = len({item for found in ids.values() for item in found})
        for route in self.routes:
            await self._places(route, ids, timed=True)
        await self._changes(held, foreign)
        return self.outcome

    async def _rows(self, now: Sweep, before: tuple[Sweep, Sweep], foreign: set[str]) -> None:
        """Nothing of the other tenant stands in our answers, and none changes because it gets rows."""
        for read, answer in now.items():
            if seen := traces.marks(answer) & foreign:
                self._found(read, "", "row", f"{len(seen)} ids or marks of the other tenant")
        unsteady = differing(*before)
        self.outcome.not_compared += sorted(unsteady)
        suspects = differing(before[1], now) - unsteady
        if suspects:
            for read in sorted(await self._because(self.ours, suspects, self.theirs.furnish)):
                self._found(read, "", "count", "the answer changes when the other tenant gets rows")

    async def _changes(self, before: tuple[Sweep, Sweep], foreign: set[str]) -> None:
        """What the other tenant holds is as it was before we tried its ids."""
        suspects = differing(before[1], await self.theirs.sweep()) - differing(*before)
        if not suspects:
            return
        await self.theirs.furnish()  # what was changed or deleted once is not there to be changed again
        _, held = await self.theirs.settled()
        ours = marks((await self.ours.sweep()).values()) - foreign
        ids = {read: sorted(traces.ids(answer) - ours) for read, answer in held.items()}

        async def again() -> None:
            for route in self.routes:
                if route.writes:
                    await self._places(route, ids, timed=False)

        for read in sorted(await self._because(self.theirs, suspects, again)):
            self._found(read, "", "change", "the other tenant's rows changed")

    async def _because(
        self, side: Side, reads: Collection[str], act: Callable[[], Awaitable[None]]
    ) -> set[str]:
        """Return which of these reads of a side change with an act, and stay as long without it."""
        before, started = await side.sweep(reads), time.monotonic()
        await act()
        after, taken = await side.sweep(reads), time.monotonic() - started
        await asyncio.sleep(taken)
        return differing(before, after) - differing(after, await side.sweep(reads))

    async def _places(self, route: Route, ids: Ids, *, timed: bool) -> None:
        for slot in slots.of(route):
            call = await self.ours.own(route)
            foreign = self._candidates(route, ids)
            self.outcome.places += timed
            await self._place(slot, call, foreign)
            if timed and foreign and self.samples and not route.writes and slot.where == "path":
                self.outcome.times[name(route)] = await self._ratio(slot, call, foreign[0])

    def _candidates(self, route: Route, ids: Ids) -> list[str]:
        """Return the other's ids, those of the route's own resource first."""
        near = f"/{route.path.split('/')[1]}"
        ordered = sorted(ids, key=lambda read: near not in read)
        return list(dict.fromkeys(item for read in ordered for item in ids[read]))[: self.most]

    async def _place(self, slot: Slot, call: Call, foreign: Sequence[str]) -> None:
        """Compare what the other's ids bring with what ids bring that nothing has."""
        expected = [await self.ours.send(slot.fill(call, str(uuid7()))) for _ in range(2)]
        acts = slot.route.writes and expected[0].status in _GOOD
        known = {traces.masked(answer) for answer in expected}
        for identifier in foreign:
            fresh = await self.ours.own(slot.route) if acts else call
            answer = await self.ours.send(slot.fill(fresh, identifier))
            if traces.masked(answer) not in known:
                detail = (
                    f"{answer.status} {answer.code or ''}, where an unknown id gives {expected[0].status}"
                )
                self._found(name(slot.route), f"{slot.where}: {slot.name}", "answer", detail)
                return

    async def _ratio(self, slot: Slot, call: Call, foreign: str) -> float:
        """Report, and judge nothing: a ratio of medians on a busy machine is a hint."""
        taken: dict[bool, list[float]] = {True: [], False: []}
        for number in range(2 * self.samples):
            other = number % 2 == 0
            start = time.perf_counter()
            await self.ours.send(slot.fill(call, foreign if other else str(uuid7())))
            taken[other].append(time.perf_counter() - start)
        return round(median(taken[True]) / median(taken[False]), 2)

    def _found(self, route: str, place: str, kind: str, detail: str) -> None:
        leak = Leak(route=route, place=place, kind=kind, detail=detail)
        if leak not in self.outcome.leaks:
            self.outcome.leaks.append(leak)
