"""Targets and findings to work on, made through the services that the product itself calls."""

import sys
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from appsec_api import Space


@pytest_asyncio.fixture(loop_scope="session")
async def space(kernel, client, tenant, as_role):
    """A tenant of this module, with an administrator who calls its API."""
    return await Space.make(kernel, client, tenant, as_role)


@pytest.fixture
def finding_rows():
    """A function: rows of findings as a scan gives them."""
    from appsec_api import finding_row

    return finding_row
