"""A delivery that can be sent again: that of a test of a channel that nobody listens at."""

from threatweaver.http.example import Caller, Example


async def tested(caller: Caller) -> Example:
    """Return the call for the test of a new channel."""
    channel = await caller.some("/notification/channels")
    answer = await caller.call("POST", f"/notification/channels/{channel}/test")
    return Example(params={"id": answer.body["data"]["id"]})
