"""The feed: pages of it, and waiting for what comes. No request, no schema."""

import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from threatweaver.sdk import announce
from threatweaver_exposure.changes import queries
from threatweaver_exposure.changes.errors import ResyncRequired
from threatweaver_exposure.changes.position import NOW, Position
from threatweaver_exposure.history import service as history

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from threatweaver.sdk import Context

_LOOK = 5.0  # seconds after which who waits looks without a signal: the one that listens may have been away


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of the feed, the position behind it, and whether there is more already."""

    changes: "Sequence[dict[str, Any]]"
    position: Position
    more: bool


async def read(position: Position, *, most: int, within: list[UUID] | None) -> Found:
    """Return what comes after a position. Raises ResyncRequired when that cannot be said any more.

    The order of the three reads matters: what is committed between them is missed by none.
    """
    newest = await queries.newest()
    if position == NOW:
        position = Position(newest)
    begun = newest if position.after == 0 else position.begun
    rows = await queries.after(position.after, until=newest, most=most + 1, within=within)
    if position.after > newest or max(position.after, begun) < await queries.forgotten():
        raise ResyncRequired(str(newest))
    changes = [{**row, "cursor": str(row["cursor"])} for row in rows[:most]]
    if len(rows) > most:
        return Found(changes=changes, position=Position(rows[most - 1]["cursor"], begun), more=True)
    return Found(changes=changes, position=Position(newest, begun), more=False)


async def page(ctx: "Context", position: Position, *, most: int, wait: float) -> Found:
    """Return what comes after a position, after so many seconds at most if there is nothing yet."""
    until = time.monotonic() + wait
    async with ctx.kernel.database.tenant(ctx.principal.schema, read_only=True):
        found = await read(position, most=most, within=ctx.within)
    if found.changes or not wait:
        return found
    async with aclosing(follow(ctx, found.position, most=most, quiet=wait, until=until)) as pages:
        return await anext(pages)


async def follow(
    ctx: "Context", position: Position, *, most: int, quiet: float, until: float
) -> "AsyncGenerator[Found, None]":
    """Yield page after page, an empty one after `quiet` seconds without change and at the end.

    It ends at `until`, of the monotonic clock, or with the application. No transaction is open meanwhile.
    """
    kernel, stopping = ctx.kernel, ctx.kernel.stopping
    async with kernel.signals.waiting(ctx.principal.schema, history.TOPIC) as signal:
        told = time.monotonic()
        while True:
            async with kernel.database.tenant(ctx.principal.schema, read_only=True):
                found = await read(position, most=most, within=ctx.within)
            position, now = found.position, time.monotonic()
            ending = now >= until or stopping.is_set()
            if found.changes or ending or now - told >= quiet:
                told = now
                yield found
            if ending:
                return
            if not found.more:
                await signal.wait(min(_LOOK, until - now, max(quiet - (now - told), 0)), stopping)


async def bury(entity: str, gone: str, *, action: str, import_id: UUID | None = None) -> None:
    """Tell the feed that what a query (id, asset_id) returns is gone: called where that is deleted.

    `entity` is `vulnerability` or `asset`; the query holds no value from outside.
    """
    await history.take_turn()
    await queries.bury(entity, gone, action=action, import_id=import_id)
    await announce(history.TOPIC)


async def forget() -> None:
    """Note that the tombstones in the table `removal` go: who has not read them by now has to start anew."""
    await history.take_turn()
    await queries.forget()
