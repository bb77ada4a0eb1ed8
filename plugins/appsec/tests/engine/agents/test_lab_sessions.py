"""What a whole scan finds of sessions in the lab, signed in by its form; the safe twin has nothing of it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[5]))  # the lab is no distribution: nothing installs it

from lab.app import make_app, serve
from lab.world import USERS
from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.catalog import all_agents
from threatweaver_appsec.engine.discover.discovery import Discovery
from threatweaver_appsec.engine.events import State
from threatweaver_appsec.engine.logins.form import FormLogin
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.scan import Scan
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of
from threatweaver_appsec.engine.wiring import document

CASES = {
    "session-fixation": "session-fixation",
    "csrf": "csrf",
    "csrf-link": "csrf-link",
    "redirect-login": "login-redirect",
    "jwt-none": "jwt-none",
    "jwt-confusion": "jwt-confusion",
    "jwt-weak-secret": "jwt-weak-secret",
    "jwt-expiry": "jwt-expired",
}
"""Cases, and the agents that find them."""


async def found_in(*, safe: bool) -> tuple[Scan, set[str]]:
    async with serve(make_app(safe=safe, only=list(CASES))) as base:
        scope = Scope(frozenset({origin_of(base) or ""}), allowed=PRIVATE, safe=False)
        openapi = await document(f"{base}/openapi.json", scope)
        logins = [FormLogin(name, f"{base}/login", name, USERS[name]) for name in ("alice", "bob")]
        scan = Scan(
            Order(
                base,
                scope,
                all_agents(),
                Discovery(safe=False, documents=[openapi], words=(), browser=None, password=USERS["alice"]),
                logins=logins,
                limits=Limits(per_second=10_000.0),
                only=frozenset(CASES.values()),
            )
        )
        events = [event async for event in scan.events()]
    assert events[-1].state is State.COMPLETED, events[-1].reason
    return scan, {finding.agent for finding in scan.memory.findings.values()}


@pytest.mark.parametrize("safe", [False, True])
async def test_sessions_of_the_lab(safe):
    _, found = await found_in(safe=safe)
    assert found == (set() if safe else set(CASES.values()))
