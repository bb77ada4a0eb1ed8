"""Calls that succeed only after another one."""

from threatweaver.sdk import Caller, Example


async def accepted(caller: Caller) -> Example:
    """Accept the risk of a finding, so that it can be reopened."""
    found = await caller.some("/appsec/findings")
    body = {"until": "2999-01-01T00:00:00Z", "reason": "an example of ten letters"}
    await caller.call("POST", f"/appsec/findings/{found}/accept-risk", body)
    return Example(params={"id": found})
