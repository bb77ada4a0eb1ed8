"""Scans of the lab: some cases, the agents that find them, and looking again at either twin."""

import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

sys.path.insert(0, str(Path(__file__).parents[5]))  # the lab is no distribution: nothing installs it

from lab.app import make_app, serve
from lab.cases import CASES
from lab.world import USERS
from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.callbacks import Callbacks
from threatweaver_appsec.engine.catalog import all_agents
from threatweaver_appsec.engine.client import Client
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

PEOPLE = ("alice", "bob")
FAST = Limits(per_second=10_000.0)
ACCOUNTS = ("/login*", "/api/login*", "/register*", "/api/register*")
"""Limited in the lab: points there cost time, and have no weakness but those of the cases about them."""


@dataclass
class Twin:
    """One of both applications while it is served, and API tokens of its users."""

    base: str
    logins: list[Carried]
    scope: Scope

    @property
    def environment(self) -> dict[str, str]:
        """What the documentation tells to export before a line is run."""
        tokens = {login.name: login.value for login in self.logins}
        named = {f"TW_TOKEN_{name.upper()}": value for name, value in tokens.items()}
        return {"TW_TOKEN": tokens["alice"], "TW_COOKIE": f"session={tokens['alice']}", **named}

    async def scan(self, agents: Iterable[str]) -> tuple[list[Finding], int]:
        """Return what agents find, as it is stored, and the port that the scan listened at."""
        openapi = await document(f"{self.base}/openapi.json", self.scope)
        paths = tuple(case.path for case in CASES.values() if not case.listed)
        async with Callbacks() as callbacks:
            order = Order(
                self.base,
                self.scope,
                all_agents(),
                Discovery(safe=False, documents=(openapi,), words=paths, browser=None),
                logins=self.logins,
                limits=FAST,
                callbacks=callbacks,
                only=frozenset(agents),
            )
            scan = Scan(order)
            end = [event async for event in scan.events()][-1]
            assert end.state == "completed", end.reason
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
            return await retest(finding, site, all_agents())


@asynccontextmanager
async def twin(cases: Iterable[str], *, safe: bool, accounts: bool, port: int = 0) -> AsyncIterator[Twin]:
    """Serve some cases of a twin."""
    async with serve(make_app(safe=safe, only=cases), port) as base, aiohttp.ClientSession() as http:
        logins = []
        for name in PEOPLE:
            content = {"username": name, "password": USERS[name]}
            async with http.post(f"{base}/api/login", json=content) as answer:
                token = (await answer.json())["token"]
            check = Check(f"{base}/account", signed_in="Hello")
            logins.append(Carried(name, "bearer", token, check, username=name))
        exclusions = () if accounts else ACCOUNTS
        yield Twin(base, logins, scope_of(base, private=True, safe=False, exclusions=exclusions))


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
