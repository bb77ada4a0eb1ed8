"""Licenses for tests, and the application under one of them."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.kernel import Kernel
from threatweaver.license.current import CurrentLicense
from threatweaver_licensing import ALL, Claims, Modules, trial_claims

Client = TestClient[web.Request, web.Application]


def claims(*, modules: Collection[str] | None = None, days: float = 30, **others: Any) -> Claims:
    """Return what a license says that ends in so many days, or ended: -3 is in its grace, -8 is locked.

    It names these modules, or all; `others` are further members of Claims.
    """
    now = datetime.now(UTC)
    named: Modules = ALL if modules is None else frozenset(modules)
    made = trial_claims(now=now - timedelta(days=60), modules=named)
    return replace(made, expires_at=now + timedelta(days=days), **others)


@asynccontextmanager
async def opened(kernel: Kernel, said: Claims) -> AsyncIterator[Client]:
    """Serve the application with every plugin of this kernel as it answers under another license."""
    under = replace(kernel, license=CurrentLicense(said))
    server = TestServer(application.build(under))
    async with TestClient(server, cookie_jar=DummyCookieJar()) as client:
        yield client
