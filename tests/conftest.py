"""The order of the tests: the fast ones first, and at the end nothing that the others have to wait for."""

from itertools import zip_longest
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
WAITING = {
    "plugins/appsec/tests/assessments",
    "plugins/appsec/tests/engine/agents/injection",
    "plugins/appsec/tests/engine/core",
    "plugins/appsec/tests/engine/replays",
    "tests/e2e/test_e2e_pipelines.py",
    "tests/e2e/test_e2e_scan_killed.py",
}
"""What mostly waits, for targets and paces: with work beside it, it costs nothing."""
TOGETHER = 3  # files that take seconds each to one that waits


def _is_of(path: Path, places: set[str]) -> bool:
    return bool(places & {str(path), *map(str, path.parents)})


def _ordered(files: list[Path]) -> list[Path]:
    waiting = [path for path in files if _is_of(path, WAITING)]
    slow = [path for path in files if _is_of(path, SECONDS_EACH) and path not in waiting]
    fast = [path for path in files if {"unit", "engine"} & set(path.parts) and path not in {*waiting, *slow}]
    batches = [slow[start : start + TOGETHER] for start in range(0, len(slow), TOGETHER)]
    mixed = [path for one, batch in zip_longest(waiting, batches) for path in (one, *(batch or ())) if path]
    return [*fast, *mixed, *(path for path in files if path not in {*fast, *mixed})]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by file; within one the order stays."""
    paths = {item.path: item.path.relative_to(ROOT) for item in items}
    order = {path: place for place, path in enumerate(_ordered(list(paths.values())))}
    items.sort(key=lambda item: order[paths[item.path]])
