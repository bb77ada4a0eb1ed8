"""Calls that succeed, for the routes whose schemas cannot say them."""

from threatweaver.http.example import Caller, Example
from threatweaver.ids import uuid7

_CERTIFICATE = (  # of an example, whose key is thrown away
    "MIIBEjCBuaADAgECAgEBMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB2V4YW1wbGUwIBcNMjYwMTAxMDAwMDAwWhgPMjEyNjAx"
    "MDEwMDAwMDBaMBIxEDAOBgNVBAMMB2V4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQam71dB7fCnfzAbG8Pm30z"
    "iZUcsWLrm02hjWhKma27J8snK8SeBOagqfZvkrh2xYVOntBlW4cqW7BTIpCT5cJEMAoGCCqGSM49BAMCA0gAMEUCIFpouKYy"
    "M3t8Ev71fubWaYtqZSx1j3wncNVibz6QcOHoAiEAh6RsMwNeBnWqBW0Q9UWBzPYtf7fFzBeHFYXesJTqUzw="
)


async def own_tenant(caller: Caller) -> Example:
    """A public read for the tenant of whoever asks."""
    me = await caller.call("GET", "/auth/me")
    return Example(query={"tenant": me.body["tenantSlug"]})


async def provider(_: Caller) -> Example:
    """An OpenID provider that no other call has made."""
    name = uuid7().hex
    options = {"issuer": f"https://{name}.example.com", "clientId": "threatweaver", "clientSecret": "example"}
    return Example(body={"name": name, "kind": "oidc", "oidc": options})


async def test(caller: Caller) -> Example:
    """A SAML provider, of which nothing is asked."""
    name = uuid7().hex
    options = {"entityId": f"https://{name}.example.com", "ssoUrl": "https://idp.example.com/sso"}
    body = {"name": name, "kind": "saml", "saml": {**options, "certificates": [_CERTIFICATE]}}
    made = await caller.call("POST", "/sso/providers", body)
    return Example(body={"providerId": made.body["data"]["id"]})
