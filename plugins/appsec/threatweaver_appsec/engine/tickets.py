"""Tokens against forgery: what a form is sent with is what its page gives now, or nothing of it is read.

A token ends with its session, and with some applications at its first use. The second kind shows when a form
that was taken is refused the next time; its page is read before each request from then on.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from threatweaver_appsec.engine.accounts import cookies_of, hidden_fields
from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.messages import Exchange, Headers, Request, header
from threatweaver_appsec.engine.places import key_of
from threatweaver_appsec.engine.points import Point, Where, points_of, put
from threatweaver_appsec.engine.scope import origin_of
from threatweaver_appsec.engine.site import Target

TICKET = re.compile(r"csrf|xsrf|nonce|authenticity|requestverification|token|^form_build_id$", re.IGNORECASE)
MOST_KEPT = 300
LONGEST_PAGE = 32_768  # bytes of a page that are kept for a replay


@dataclass(frozen=True)
class Ticket:
    """What a page gave for its form, and in which session of whom."""

    page: Exchange
    values: tuple[tuple[Point, str], ...]
    cookies: Headers
    session: int

    def on(self, request: Request) -> Request:
        """Return the request with the page's tokens; with its cookies where nobody in particular sends it."""
        for point, value in self.values:
            request = put(request, point, value)
        return replace(request, headers=(*request.with_header("Cookie", None).headers, *self.cookies))


@dataclass
class Tickets:
    """The last ticket of each form, read again when it holds no more."""

    _kept: OrderedDict[tuple[str, str], Ticket | None] = field(default_factory=OrderedDict)
    _once: set[str] = field(default_factory=set)
    """Forms whose tokens hold for one request."""
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def send(
        self, target: Target, operation: Operation, change: Callable[[Request], Request] = lambda same: same
    ) -> Exchange:
        """Send an operation's request, changed, as who sends it, with the tokens of now. Raises `Ended`."""
        request, who = operation.request, target.sender_of(operation.request)
        if not (points := tickets_of(operation)):
            return await target.send(change(request), identity=who)
        key = key_of(operation)
        turn = self._turns.setdefault(who or "", asyncio.Lock())  # a page may end what another one gave
        async with turn if key in self._once else nullcontext():
            ticket = await self._of(target, operation, points, who)
            ready = ticket.on(request) if ticket else request
            return await target.send(change(ready), identity=who)

    async def twice(self, target: Target, operation: Operation) -> tuple[Exchange, Exchange]:
        """Return what the operation's request is answered twice; learn whether a token holds that long."""
        first, second = await self.send(target, operation), await self.send(target, operation)
        key = key_of(operation)
        if first.status == second.status or not tickets_of(operation) or key in self._once:
            return first, second
        self._once.add(key)
        again = await self.send(target, operation)
        if again.status != first.status:
            self._once.discard(key)
            return first, second
        return first, again

    def page_of(self, operation: Operation, who: str | None) -> tuple[Exchange, ...]:
        """Return the page that gave the tokens, for whoever sends the form again."""
        ticket = self._kept.get((key_of(operation), who or ""))
        return (ticket.page,) if ticket else ()

    async def _of(
        self, target: Target, operation: Operation, points: tuple[Point, ...], who: str | None
    ) -> Ticket | None:
        key = key_of(operation), who or ""
        session = target.client.session_number(who)
        if key in self._kept and key[0] not in self._once:
            kept = self._kept[key]
            if kept is None or kept.session == session:
                return kept
        page = await target.send(Request("GET", _page(operation)), identity=who)
        given = hidden_fields(page, operation.request.url)
        values = tuple((point, given[point.name]) for point in points if given.get(point.name))
        ticket = Ticket(_short(page), values, () if who else cookies_of(page), session) if values else None
        self._kept[key] = ticket
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return ticket


def tickets_of(operation: Operation) -> tuple[Point, ...]:
    """Return the fields of a form that its page fills with a token; none where no page is known."""
    if not _page(operation):
        return ()
    wheres = (Where.FORM, Where.QUERY)
    return tuple(
        point
        for point in points_of(operation.request)
        if point.where in wheres and point.value and TICKET.search(point.name)
    )


def _page(operation: Operation) -> str:
    """Return the page of a form; a request that is all that is known names it as where it came from."""
    page = operation.page or header(operation.request.headers, "Referer") or ""
    return page if page and origin_of(page) == origin_of(operation.request.url) else ""


def _short(page: Exchange) -> Exchange:
    if page.response is None or len(page.response.body) <= LONGEST_PAGE:
        return page
    return replace(
        page, response=replace(page.response, body=page.response.body[:LONGEST_PAGE], truncated=True)
    )
