"""A tenant to import into, and the modules that stand beside this file."""

import sys
from pathlib import Path

import pytest
import pytest_asyncio

for folder in (Path(__file__).parent, Path(__file__).parent / "engine"):
    sys.path.insert(0, str(folder))

from exposure_space import Space  # noqa: E402  the folder is on the path only now
from exposure_story import tell  # noqa: E402


@pytest.fixture(scope="session")
def make_space(kernel, client, worker, as_role):
    """A function that makes a fresh tenant and its administrator."""

    async def make(app_client=None) -> Space:
        return await Space.make(kernel, app_client or client, as_role)

    return make


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_space(make_space):
    return await make_space()


@pytest_asyncio.fixture(loop_scope="session")
async def space(shared_space):
    """A tenant without data; making a fresh one costs half a second, emptying this one 20 ms."""
    await shared_space.empty()
    return shared_space


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def story(make_space):
    """An inventory for tests that only read."""
    return await tell(await make_space())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def outsider(make_space):
    """Somebody of another tenant, which is empty."""
    return await make_space()
