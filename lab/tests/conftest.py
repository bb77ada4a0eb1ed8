import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # the lab is no distribution: nothing installs it

from lab.app import make_app, serve
from lab.client import Lab, connect


@pytest.fixture(scope="session")
async def vulnerable() -> AsyncIterator[Lab]:
    async with serve(make_app(safe=False)) as url, connect(url) as lab:
        yield lab


@pytest.fixture(scope="session")
async def safe() -> AsyncIterator[Lab]:
    async with serve(make_app(safe=True)) as url, connect(url) as lab:
        yield lab
