"""Exploits of what answers tell."""

import json
import re
import secrets

from lab.client import Lab


async def _cached(lab: Lab) -> bool:
    return "public" in (await lab.send("GET", "/api/address", user="alice")).headers["Cache-Control"]


async def _script(lab: Lab) -> bool:
    reply = await lab.send("GET", "/api/own?callback=steal", user="alice")
    return reply.text.startswith("steal({") and "javascript" in reply.headers["Content-Type"]


async def _callback(lab: Lab) -> bool:
    return (await lab.get("/api/rates", callback="alert(1);//")).text.startswith("alert(1);")


async def _plain(lab: Lab) -> bool:
    return "bob-pass-2" in (await lab.send("GET", "/api/staff", user="alice")).text


async def _hash(lab: Lab) -> bool:
    return bool(re.search(r'_hash": "[0-9a-f]{64}"', (await lab.send("GET", "/api/me", user="alice")).text))


async def _card(lab: Lab) -> bool:
    return bool(re.search(r"Paid with <b>\d{4} \d{4}", (await lab.get("/receipt")).text))


async def _formula(lab: Lab) -> bool:
    return "Lamp,=1+1" in (await lab.get("/stock.csv", note="=1+1")).text


async def _phones(lab: Lab) -> bool:
    return "555-0" in (await lab.get("/api/posts")).text


async def _told(lab: Lab) -> bool:
    reply = await lab.send("POST", "/api/forgot", json={"username": "bob"})
    return "reset_token" in json.loads(reply.text)


async def _left(lab: Lab) -> bool:
    path = f"/member/{secrets.token_hex(6)}.css"
    await lab.send("GET", path, user="alice")
    return "Hello alice" in (await lab.get(path)).text


PROOFS = {
    "private-cached": _cached,
    "jsonp": _script,
    "jsonp-callback": _callback,
    "passwords-plain": _plain,
    "password-hash": _hash,
    "card-number": _card,
    "formula": _formula,
    "excessive-data": _phones,
    "reset-told": _told,
    "cache-deception": _left,
}
