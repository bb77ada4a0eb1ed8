"""Targets and findings to work on, made through the services that the product itself calls."""

import sys
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

import operations
from appsec_api import Space

_PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest_asyncio.fixture(loop_scope="session")
async def space(kernel, client, tenant, as_role, request):
    """A tenant of this module, with an administrator who calls its API; operations.txt says what for."""
    made = await Space.make(kernel, client, tenant, as_role)
    yield made
    if request.node.stash.get(_PASSED, False):
        missing = operations.claimed_by(request.node) - operations.of(made.called)
        assert not missing, f"operations.txt says that this test calls {sorted(missing)}"


@pytest.fixture
def finding_rows():
    """A function: rows of findings as a scan gives them."""
    from appsec_api import finding_row

    return finding_row
