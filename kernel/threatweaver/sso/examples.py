"""Calls that succeed, for the routes whose schemas cannot say them."""

from threatweaver.http.example import Caller, Example
from threatweaver.ids import uuid7


async def own_tenant(caller: Caller) -> Example:
    """A public read for the tenant of whoever asks."""
    me = await caller.call("GET", "/auth/me")
    return Example(query={"tenant": me.body["tenantSlug"]})


async def provider(_: Caller) -> Example:
    """An OpenID provider that no other call has made."""
    name = uuid7().hex
    options = {"issuer": f"https://{name}.example.com", "clientId": "threatweaver", "clientSecret": "example"}
    return Example(body={"name": name, "kind": "oidc", "oidc": options})
