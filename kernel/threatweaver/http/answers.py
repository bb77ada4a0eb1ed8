"""Answers that are kept until what they depend on changes: figures that are dearer than a look at that.

What a route `depends` on is asked in the transaction of the request, before the handler runs. So an answer
may be newer than the state it is kept under, and then is made once more; it is never older.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from threatweaver.http import output

if TYPE_CHECKING:
    from threatweaver.http.context import Context

MOST = 32 << 20  # bytes of a process
_LARGE = 256 << 10  # bytes of an answer that is not kept


class Answers:
    """Bodies by what was asked; those that were asked for the longest time ago make room."""

    def __init__(self, most: int = MOST) -> None:
        """Keep at most so many bytes."""
        self._most = most
        self._held = 0
        self._kept: OrderedDict[Hashable, tuple[Hashable, bytes]] = OrderedDict()

    def get(self, asked: Hashable, state: Hashable) -> bytes | None:
        """Return what was answered when the state was this."""
        kept = self._kept.get(asked)
        if kept is None or kept[0] != state:
            return None
        self._kept.move_to_end(asked)
        return kept[1]

    def keep(self, asked: Hashable, state: Hashable, body: bytes) -> None:
        """Keep an answer in place of an older one."""
        self._drop(asked)
        if len(body) > min(_LARGE, self._most):
            return
        self._kept[asked] = state, body
        self._held += len(body)
        while self._held > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, asked: Hashable) -> None:
        if (kept := self._kept.pop(asked, None)) is not None:
            self._held -= len(kept[1])


async def of(ctx: "Context") -> Any:
    """Return the answer that was kept, else the handler's."""
    route, answers = ctx.route, ctx.kernel.answers
    if route.depends is None:
        return await route.handler(ctx)
    asked = (ctx.principal.schema, ctx.request.path, repr(sorted(ctx.query.items())))
    state = await route.depends()
    if (body := answers.get(asked, state)) is not None:
        return web.Response(body=body, status=route.status, content_type="application/json")
    response = output.render(route.returns, await route.handler(ctx), route.status)
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        answers.keep(asked, state, response.body)
    return response
