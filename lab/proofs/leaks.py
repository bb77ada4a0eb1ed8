"""Exploits of what should not be there to read."""

import re

from lab.client import Lab


async def _git(lab: Lab) -> bool:
    return "[core]" in (await lab.get("/.git/config")).text


async def _env(lab: Lab) -> bool:
    return "\nDB_PASSWORD=" in (await lab.get("/.env")).text


async def _backup(lab: Lab) -> bool:
    return (await lab.get("/config.php.bak")).text.startswith("<?php")


async def _listing(lab: Lab) -> bool:
    return "<title>Index of /documents/" in (await lab.get("/documents/")).text


async def _script(lab: Lab) -> bool:
    return bool(re.search(r"\bAKIA[A-Z2-7]{16}\b", (await lab.get("/assets/bundle.js")).text))


async def _key(lab: Lab) -> bool:
    return "-----BEGIN PRIVATE KEY-----" in (await lab.get("/support/bundle")).text


async def _trace(lab: Lab) -> bool:
    return "Traceback (most recent call last)" in (await lab.get("/report", year="x")).text


PROOFS = {
    "file-git": _git,
    "file-env": _env,
    "file-backup": _backup,
    "directory-listing": _listing,
    "secret-script": _script,
    "secret-key": _key,
    "verbose-error": _trace,
}
