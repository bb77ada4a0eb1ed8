"""The application with other settings of the edge, each test file as it needs it."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver import config
from threatweaver.http.cors import Origins
from threatweaver.http.proxies import Proxies
from threatweaver.ratelimits.limiter import RateLimiter


@pytest.fixture(scope="session")
def edge(kernel):
    """A function: a client of the application under these TW_ variables, with more routes if given."""

    @asynccontextmanager
    async def made(*routes, **variables):
        async with kernel.database.control() as unit:  # what another test configured must not hold here
            await unit.connection.execute("DELETE FROM rate_limit_config")
        kept = {"home": kernel.settings.home, "log_level": "error", "log_format": "console"}
        settings = config.load({"TW_RATE_LIMIT": "0"} | variables, **kept)
        under = replace(
            kernel,
            settings=settings,
            proxies=Proxies(settings.trusted_proxies),
            origins=Origins(settings.cors_origins),
            limiter=RateLimiter(settings, kernel.database),
            registry=replace(kernel.registry, routes=(*kernel.registry.routes, *routes)),
        )
        async with TestClient(TestServer(application.build(under))) as opened:
            yield opened

    return made


@pytest.fixture(scope="session")
def routes_of(kernel):
    return kernel.registry.routes
