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
WAITING = (
    "plugins/appsec/tests/engine/replays/test_replays.py",
    "tests/e2e/test_e2e_scan_killed.py",
    "tests/e2e/test_e2e_pipelines.py",
    "plugins/appsec/tests/engine/core/test_scan.py",
    "plugins/appsec/tests/engine/replays/test_replays_that_wait.py",
    "plugins/appsec/tests/assessments/test_scans.py",
    "plugins/appsec/tests/engine/agents/injection/test_clean.py",
    "plugins/appsec/tests/engine/agents/injection/test_sql_blind.py",
    "plugins/appsec/tests/engine/agents/injection/test_commands.py",
    "plugins/appsec/tests/engine/core/test_checkpoint.py",
    "plugins/appsec/tests/engine/agents/injection/test_documents.py",
)
"""What mostly waits, for targets and paces, the longest first: with work beside it, it costs nothing."""
TOGETHER = 3  # files that take seconds each to one that waits


def _ordered(files: list[Path]) -> list[Path]:
    by_name = {str(path): path for path in files}
    waiting = [by_name[name] for name in WAITING if name in by_name]
    rest = [path for path in files if path not in waiting]
    slow = [path for path in rest if SECONDS_EACH & {str(path), *map(str, path.parents)}]
    fast = [path for path in rest if {"unit", "engine"} & set(path.parts)]
    batches = [slow[start : start + TOGETHER] for start in range(0, len(slow), TOGETHER)]
    mixed = [path for one, batch in zip_longest(waiting, batches) for path in (one, *(batch or ())) if path]
    first = dict.fromkeys([*fast, *mixed])
    return [*first, *(path for path in rest if path not in first)]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by file; within one the order stays."""
    paths = {path: path.relative_to(ROOT) for path in dict.fromkeys(item.path for item in items)}
    order = {path: place for place, path in enumerate(_ordered(list(paths.values())))}
    items.sort(key=lambda item: order[paths[item.path]])
