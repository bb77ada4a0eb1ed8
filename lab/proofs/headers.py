"""Exploits of headers that are believed, missing, or say too much."""

import secrets

from lab.client import Lab

_AWAY = "away.example"


async def _cors(lab: Lab) -> bool:
    reply = await lab.send("GET", "/api/contact", user="alice", headers={"Origin": f"https://{_AWAY}"})
    allowed = reply.headers.get("Access-Control-Allow-Origin") == f"https://{_AWAY}"
    return allowed and reply.headers.get("Access-Control-Allow-Credentials") == "true"


async def _framed(lab: Lab) -> bool:
    headers = (await lab.get("/checkout")).headers
    policy = "frame-ancestors" in headers.get("Content-Security-Policy", "")
    return not policy and "X-Frame-Options" not in headers


async def _bare(lab: Lab) -> bool:
    headers = (await lab.get("/plain")).headers
    return "X-Content-Type-Options" not in headers and "Content-Security-Policy" not in headers


async def _host(lab: Lab) -> bool:
    reply = await lab.send("POST", "/forgot", headers={"Host": _AWAY}, data={"email": "alice@example.com"})
    return f"http://{_AWAY}/reset" in reply.text


async def _link(lab: Lab) -> bool:
    reply = await lab.send("GET", "/branch", headers={"X-Forwarded-Host": _AWAY})
    return f'href="//{_AWAY}/rooms' in reply.text


async def _plain(lab: Lab) -> bool:
    return "Strict-Transport-Security" not in (await lab.get("/deposit")).headers


async def _cache(lab: Lab) -> bool:
    path = f"/news?v={secrets.token_hex(4)}"
    await lab.send("GET", path, headers={"X-Forwarded-Host": _AWAY})
    victim = await lab.send("GET", path)
    return f'src="//{_AWAY}/' in victim.text and victim.headers["X-Cache"] == "hit"


async def _script(lab: Lab) -> bool:
    text = (await lab.get("/assets/jquery-1.8.3.min.js")).text
    return "jquery-1.8.3" in (await lab.get("/gallery")).text and "v1.8.3" in text


async def _server(lab: Lab) -> bool:
    return "2.4.49" in (await lab.get("/mirror")).headers["Server"]


async def _referrer(lab: Lab) -> bool:
    return (await lab.get("/partners")).headers["Referrer-Policy"].endswith("unsafe-url")


PROOFS = {
    "referrer": _referrer,
    "cors": _cors,
    "clickjacking": _framed,
    "missing-headers": _bare,
    "host-header": _host,
    "host-link": _link,
    "no-hsts": _plain,
    "cache-poisoning": _cache,
    "component-script": _script,
    "component-server": _server,
}
