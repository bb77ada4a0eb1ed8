"""Calls on an archive, which is made first."""

import asyncio

from threatweaver.http.example import Caller, Example

_BODY = {"dataClass": "kernel.notifications", "before": "2020-01-01T00:00:00Z"}
_ENDED = ("completed", "failed", "cancelled")


async def _made(caller: Caller) -> str:
    job = (await caller.call("POST", "/admin/archives", _BODY)).body
    while job["status"] not in _ENDED:
        await asyncio.sleep(0.05)
        job = (await caller.call("GET", f"/jobs/{job['jobId']}")).body
    return str(job["jobId"])


async def by_path(caller: Caller) -> Example:
    """Return a call that names it in the path."""
    return Example(params={"id": await _made(caller)})


async def by_query(caller: Caller) -> Example:
    """Return a call that names it in the query."""
    return Example(query={"id": await _made(caller)})
