"""Calls of the lists that succeed: no network is listed twice, and the caller's own stays allowed."""

import secrets

from threatweaver.http.example import Caller, Example, ExampleOf
from threatweaver.tenancy.network import Kind

ADDRESS = Example(query={"address": "192.0.2.7"})


async def _fresh(caller: Caller, path: str, kind: Kind) -> Example:
    if kind is Kind.ALLOW:
        await caller.call("POST", path, {"range": "127.0.0.1"})
    return Example(body={"range": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::/64"})


def new(path: str, kind: Kind) -> ExampleOf:
    """Return what makes a body that the list does not have yet."""

    async def made(caller: Caller) -> Example:
        return await _fresh(caller, path, kind)

    return made


def removal(path: str, kind: Kind) -> ExampleOf:
    """Return what adds a line and names it in the query."""

    async def made(caller: Caller) -> Example:
        line = await caller.call("POST", path, (await _fresh(caller, path, kind)).body)
        return Example(query={"id": line.body["data"]["id"]})

    return made
