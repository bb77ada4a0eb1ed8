"""The engine runs where no kernel is: a command-line tool, a test of a parser."""

import subprocess
import sys

import pytest

HEAVY = {"aiohttp", "asyncpg", "tortoise", "marshmallow", "orjson", "pluggy"}


@pytest.mark.parametrize("module", ["threatweaver.reports", "threatweaver_exposure.engine.catalog"])
def test_nothing_of_the_kernel_is_loaded_but_the_words_of_reports(module):
    code = f"import sys, {module}; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    kernel = {name for name in said if name.split(".")[0] == "threatweaver"}
    assert kernel == {"threatweaver", "threatweaver.reports"}
    assert HEAVY & set(said) == set()
