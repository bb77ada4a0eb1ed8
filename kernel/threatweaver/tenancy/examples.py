"""Calls of /tenants that succeed; one tenant serves most of them, because to make one takes a while."""

import asyncio
import secrets

from threatweaver.http.example import Caller, Example

_SLUG = "for-examples"
_ENDED = ("completed", "failed", "cancelled")


async def some_tenant(caller: Caller) -> Example:
    """Return a call on a tenant that is there for that."""
    found = (await caller.call("GET", f"/tenants?search={_SLUG}")).body["data"]
    if not found:
        made = await caller.call("POST", "/tenants", {"slug": _SLUG, "name": "For examples"})
        found = [made.body["data"]]
    return Example(params={"id": found[0]["id"]})


async def doomed_tenant(caller: Caller) -> Example:
    """Return a call on a suspended tenant of its own, confirmed."""
    slug = f"doomed-{secrets.token_hex(6)}"
    made = await caller.call("POST", "/tenants", {"slug": slug, "name": "Doomed"})
    found = made.body["data"]["id"]
    await caller.call("POST", f"/tenants/{found}/suspend", {"reason": "It is to be dropped."})
    return Example(params={"id": found}, query={"confirm": slug})


async def some_export(caller: Caller) -> Example:
    """Return a call on an export that is finished."""
    tenant = (await some_tenant(caller)).params["id"]
    job = (await caller.call("POST", f"/tenants/{tenant}/exports")).body
    while job["status"] not in _ENDED:
        await asyncio.sleep(0.05)
        job = (await caller.call("GET", f"/jobs/{job['jobId']}")).body
    return Example(params={"id": tenant, "exportId": job["jobId"]})
