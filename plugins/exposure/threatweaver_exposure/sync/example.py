"""Calls that succeed once Tenable's address is known; nobody is at this one, so a sync ends at once."""

import asyncio

from threatweaver.sdk import Caller, Example

_NOBODY = {"url": "http://10.255.255.1", "accessKey": "example", "secretKey": "example"}
CONFIG = Example(body={**_NOBODY, "assetsPerChunk": 100, "minimumSeverity": "INFO"})
KEYS = Example(body=_NOBODY)


async def configured(caller: Caller) -> Example:
    """Say where Tenable is, and wait until no sync is running."""
    await caller.call("PUT", "/sync/config", CONFIG.body)
    await _idle(caller)
    return Example(body={"full": True})


async def configured_only(caller: Caller) -> Example:
    """Say where Tenable is, for calls without a body."""
    await configured(caller)
    return Example()


async def scheduled(caller: Caller) -> Example:
    """Say where Tenable is, for a schedule."""
    await configured(caller)
    return Example(body={"intervalMinutes": 1440})


async def stopped(caller: Caller) -> Example:
    """Start a sync that fails, for nobody answers."""
    await configured(caller)
    await caller.call("POST", "/sync/start", {})
    await _idle(caller)
    latest = (await caller.call("GET", "/sync/status")).body["latest"]
    return Example(params={"id": latest["id"]})


async def _idle(caller: Caller) -> None:
    for _ in range(300):
        if not (await caller.call("GET", "/sync/status")).body["running"]:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError
