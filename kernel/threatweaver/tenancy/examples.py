"""Calls of /tenants that succeed; one tenant serves them all, because to make one takes a while."""

from threatweaver.http.example import Caller, Example

_SLUG = "for-examples"


async def some_tenant(caller: Caller) -> Example:
    """Return a call on a tenant that is there for that."""
    found = (await caller.call("GET", f"/tenants?search={_SLUG}")).body["data"]
    if not found:
        made = await caller.call("POST", "/tenants", {"slug": _SLUG, "name": "For examples"})
        found = [made.body["data"]]
    return Example(params={"id": found[0]["id"]})
