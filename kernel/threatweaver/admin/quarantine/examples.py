"""Calls on a refused record, which a refused import makes first."""

import asyncio

from threatweaver.http.example import Caller, Example
from threatweaver.ids import uuid7

_ENDED = ("completed", "failed", "cancelled")
_REPORT = '<?xml version="1.0"?><NessusClientData_v2><!-- {} --><Report></NessusClientData_v2>'


async def _made(caller: Caller) -> str:
    job = (await caller.call("POST", "/imports", _REPORT.format(uuid7()).encode())).body
    async with asyncio.timeout(60):
        while job["status"] not in _ENDED:
            await asyncio.sleep(0.05)
            job = (await caller.call("GET", f"/jobs/{job['jobId']}")).body
    return str(job["error"]["quarantineId"])


async def by_path(caller: Caller) -> Example:
    """Return a call that names it in the path."""
    return Example(params={"id": await _made(caller)})


async def by_body(caller: Caller) -> Example:
    """Return a call that names it in the body."""
    return Example(body={"ids": [await _made(caller)]})
