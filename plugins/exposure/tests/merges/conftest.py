"""Every test of merges ends with a recount, and finds merge_scans beside it."""

import sys
from pathlib import Path

import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def recounted(space):
    yield
    await space.check()
