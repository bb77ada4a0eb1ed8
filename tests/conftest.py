"""The order of the tests: the fast ones first, and at the end nothing that the others have to wait for."""

from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS_EACH = {
    "tests/e2e",
    "tests/packaging",
    "tests/stateful",
    "tests/contract/test_suite_finds_faults.py",
    "kernel/threatweaver/testing/conformance/test_isolation.py",
}
"""What starts processes or calls everything."""


@cache
def _rank(file: Path) -> int:
    path = file.relative_to(ROOT)
    if {"unit", "engine"} & set(path.parts):
        return 0
    return 1 if SECONDS_EACH & {str(path), *map(str, path.parents)} else 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by rank; within one the order stays."""
    items.sort(key=lambda item: _rank(item.path))
