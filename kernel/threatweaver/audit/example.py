"""A call that needs another: a root is there once an export was made."""

from threatweaver.http.example import Caller, Example


async def root(caller: Caller) -> Example:
    """Sign a root and name its day."""
    await caller.call("GET", "/security/audit/export")
    listed = await caller.call("GET", "/security/audit/roots?limit=1")
    return Example(params={"date": listed.body["data"][0]["at"][:10]})
