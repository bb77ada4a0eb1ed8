"""Scans of the lab: some cases, the agents that find them, and looking again at either twin."""

import json
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[5]))  # the lab is no distribution: nothing installs it

from families import Door, Family

from lab.app import make_app, serve
from lab.cases import CASES
from lab.world import USERS
from threatweaver_appsec.engine.agents.outdated import outdated
from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.catalog import all_agents
from threatweaver_appsec.engine.client import Client
from threatweaver_appsec.engine.components import advisories_of
from threatweaver_appsec.engine.discover.discovery import Discovery
from threatweaver_appsec.engine.findings import Finding, from_record, to_record
from threatweaver_appsec.engine.logins.check import Check
from threatweaver_appsec.engine.logins.values import Carried
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.retest import Retest, retest
from threatweaver_appsec.engine.scan import Scan
from threatweaver_appsec.engine.scope import Scope
from threatweaver_appsec.engine.site import Target
from threatweaver_appsec.engine.wiring import document, scope_of

JQUERY = {
    "id": "GHSA-jquery-1",
    "summary": "Scripts in selectors",
    "affected": [
        {
            "package": {"ecosystem": "npm", "name": "jquery"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.9.0"}]}],
        }
    ],
}
AGENTS = (*all_agents(), outdated(advisories_of([json.dumps(JQUERY)])))
FAST = Limits(per_second=10_000.0)


@dataclass
class Twin:
    """One of both applications while it is served, and how its users are signed in."""

    base: str
    family: Family
    logins: list[Carried]
    scope: Scope

    @property
    def environment(self) -> dict[str, str]:
        """What the documentation tells to export before a line is run."""
        told = {}
        for login in self.logins:
            cookie = f"{login.key if login.kind == 'cookie' else 'session'}={login.value}"
            for name, value in (("TW_TOKEN", login.value), ("TW_COOKIE", cookie)):
                told.setdefault(name, value)
                told[f"{name}_{login.name.upper()}"] = value
        return told

    async def scan(self) -> tuple[list[Finding], int]:
        """Return what the family's agents find, as it is stored, and the port that the scan listened at."""
        openapi = await document(f"{self.base}/openapi.json", self.scope)
        async with Callbacks() as callbacks:
            order = Order(
                self.base,
                self.scope,
                AGENTS,
                Discovery(
                    safe=False, documents=(openapi,), words=tuple(_unlisted(self.family.cases)), browser=None
                ),
                logins=self.logins,
                limits=FAST,
                callbacks=callbacks,
                only=frozenset(self.family.findings),
            )
            scan = Scan(order)
            end = [event async for event in scan.events()][-1]
            assert end.state == "completed", end.reason
            assert not scan.coverage.errors, scan.coverage.errors
            port = urlsplit(callbacks.new("port")).port
        return [from_record(to_record(one)) for one in scan.memory.findings.values()], port

    async def again(self, finding: Finding) -> Retest:
        """Look again as the product does: signed in anew, knowing no more than the finding says."""
        async with (
            Callbacks() as callbacks,
            Client(self.scope, FAST, "retest", lambda *_: None, base=self.base) as client,
        ):
            for login in self.logins:
                came = await login.sign_in(client)
                assert came.ok, came.reason
                client.enter(login.name, came.session)
            people = {login.name: login for login in self.logins}
            site = Target(client, self.base, "retest", (), people, callbacks)
            return await retest(finding, site, AGENTS)


def _unlisted(cases: Iterable[str]) -> Iterable[str]:
    """Yield what of these cases nothing links to: a word list has it."""
    for case in map(CASES.__getitem__, cases):
        if not case.listed:
            routes = [(case.method, case.path), *((route.method, route.path) for route in case.more)]
            yield from (path for method, path in routes if method == "GET" and "{" not in path)


@asynccontextmanager
async def twin(family: Family, *, safe: bool, port: int = 0) -> AsyncIterator[Twin]:
    """Serve the cases of a family, the one twin or the other."""
    app = make_app(safe=safe, only=family.cases)
    async with serve(app, port, tls=family.tls) as base, aiohttp.ClientSession() as http:
        logins = [await _signed_in(http, base, family.door, name) for name in family.people]
        scope = scope_of(base, private=True, safe=False, exclusions=family.without)
        yield Twin(base, family, logins, scope)


async def _signed_in(http: aiohttp.ClientSession, base: str, door: Door, name: str) -> Carried:
    """Sign a user in: with a cookie from a form, or with a token."""
    check = Check(f"{base}{door.check}", signed_in=door.says)
    content = {"username": name, "password": USERS[name]}
    if door.form:
        async with http.post(base + door.form, data=content, allow_redirects=False, ssl=False) as answer:
            value = answer.cookies[door.cookie].value
        return Carried(name, "cookie", value, check, key=door.cookie, username=name)
    async with http.post(base + door.token, json=content, ssl=False) as answer:
        value = (await answer.json())["token"]
    if door.cookie:
        return Carried(name, "cookie", value, check, key=door.cookie, username=name)
    return Carried(name, "bearer", value, check, username=name)


@asynccontextmanager
async def listener(port: int) -> AsyncIterator[set[str]]:
    """Listen where a scan did; yield the URLs that are requested there."""
    called: set[str] = set()

    async def note(request: web.Request) -> web.Response:
        called.add(str(request.url))
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/{path:.*}", note)
    async with serve(app, port):
        yield called
