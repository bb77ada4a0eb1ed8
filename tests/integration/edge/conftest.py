"""The application with other settings of the edge, each test file as it needs it."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver import config
from threatweaver.http.proxies import Proxies


@pytest.fixture(scope="session")
def edge(kernel):
    """A function: a client of the application under these TW_ variables."""

    @asynccontextmanager
    async def made(**variables):
        kept = {"home": kernel.settings.home, "log_level": "error", "log_format": "console"}
        settings = config.load({"TW_RATE_LIMIT": "0"} | variables, **kept)
        under = replace(kernel, settings=settings, proxies=Proxies(settings.trusted_proxies))
        async with TestClient(TestServer(application.build(under))) as opened:
            yield opened

    return made
