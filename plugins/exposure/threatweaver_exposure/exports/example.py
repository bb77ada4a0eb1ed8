"""Calls that succeed only once an export is written."""

import asyncio

from threatweaver.sdk import Caller, Example

_BODY = {"resource": "assets", "format": "csv"}


async def written(caller: Caller) -> Example:
    """Ask for an export and wait until it is complete."""
    made = await caller.call("POST", "/export", _BODY)
    export_id = made.body["jobId"]
    for _ in range(300):
        answer = await caller.call("GET", f"/export/{export_id}")
        if answer.body["data"]["state"] == "completed":
            break
        await asyncio.sleep(0.1)
    return Example(params={"id": export_id})
