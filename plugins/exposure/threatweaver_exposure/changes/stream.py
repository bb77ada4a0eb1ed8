"""The feed as server-sent events."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing

from threatweaver.sdk import Context
from threatweaver_exposure.changes import service
from threatweaver_exposure.changes.position import Position
from threatweaver_exposure.changes.service import Found
from threatweaver_exposure.exports.layouts import dumps

TYPE = "text/event-stream"
_HEARTBEAT = 15.0  # seconds without a change until a comment shows that the connection is alive
_LONGEST = 300.0  # seconds until the client has to come again: rights are looked at when it does
_RETRY = b"retry: 1000\n\n"


async def events(ctx: Context, position: Position, *, most: int) -> AsyncIterator[bytes]:
    """Yield the events of a stream, whose ids are cursors; the last is `reconnect`."""
    ends = time.monotonic() + _LONGEST
    pages = service.follow(ctx, position, most=most, quiet=_HEARTBEAT, until=ends)
    yield _RETRY
    async with aclosing(pages):
        async for found in pages:
            position = found.position
            yield _page(found)
    yield b'event: reconnect\ndata: {"cursor":"%s"}\n\n' % str(position).encode()


def _page(found: Found) -> bytes:
    """Return the changes, then the position behind all of them: no event, but the client keeps the id."""
    written = [
        b"id: %s\nevent: change\ndata: %s\n\n"
        % (str(Position(int(change["cursor"]), found.position.begun)).encode(), dumps(change))
        for change in found.changes
    ]
    return b"".join(written) + b"id: %s\n: nothing more\n\n" % str(found.position).encode()
