"""Which test calls which operation of /api/appsec, as operations.txt says: method, path, file::test.

Each test is held to its lines when it runs, alone or with others; whether every operation has a line, and
every line a test, is asked of the text.
"""

import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent


@cache
def table():
    """Lines of operations.txt: {(method, path template): "file::test"}."""
    lines = (TESTS / "operations.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines]
    found = {(method, path): test for method, path, test in rows}
    assert len(found) == len(rows), "an operation stands there twice"
    return found


def claimed_by(item):
    """Operations that a test is said to call."""
    name = f"{item.path.relative_to(TESTS).as_posix()}::{item.originalname}"
    return {operation for operation, test in table().items() if test == name}


def of(called):
    """Operations that (method, path) pairs are calls of: of several templates the most literal one."""
    return {operation for method, path in called if (operation := _operation(method, path))}


def _operation(method, path):
    fitting = [one for one in table() if one[0] == method and _pattern(one[1]).fullmatch(path)]
    return min(fitting, key=lambda one: one[1].count("{"), default=None)


@cache
def _pattern(template):
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))
