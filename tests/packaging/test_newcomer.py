"""docs/writing-a-plugin.md, done as it says: every command of its shell blocks, and what they print."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import e2e_product as products
import pytest
from places import ROOT, link, outside, required

PAGE = ROOT / "docs" / "writing-a-plugin.md"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WITHIN = 300  # seconds: a newcomer's five minutes
SAYS_WHERE = "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\nset -eEu -o pipefail\n"


def blocks():
    """The page's commands, each block with the lines that it is said to print."""
    found = []
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "sh":
            found.append((text, []))
        else:
            found[-1][1].extend(text.splitlines())
    return found


@pytest.fixture
def shelf(folder, wheels):
    """What a package index would give: the libraries of the kernel's wheel, and pytest as a command."""
    path = folder / "shelf"
    (path / "bin").mkdir(parents=True)
    link(path, required([*outside(wheels, ["threatweaver-kernel"]), "setuptools", "wheel"]))
    script = path / "bin" / "pytest"
    script.write_text('#!/bin/sh\nexec python -m pytest "$@"\n')
    script.chmod(0o755)
    return path


@pytest.fixture
def environment(folder, shelf, wheels):
    """A person's shell: no virtual environment, our wheels instead of an index, nothing of this checkout."""
    foreign = ("TW_", "PYTEST_", "PYTHON", "PIP_", "DATABASE_URL", "VIRTUAL_ENV")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    python = Path(sys.base_prefix) / "bin"
    return {
        **kept,
        "PATH": f"{shelf / 'bin'}:{python}:{kept['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(shelf),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's own spelling of "yes"
        "PIP_NO_WARN_CONFLICTS": "0",  # the same
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTEST_ADDOPTS": "--assert=plain",  # or it writes the whole kernel anew, for the words of a failure
    }


def test_the_tutorial_does_what_it_says_within_five_minutes(folder, environment):
    work = folder / "work"
    work.mkdir()
    found, began = blocks(), time.monotonic()
    script = SAYS_WHERE + "".join(f"echo ::block\n{text}" for text, _ in found)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    left = products.belonging(folder)
    for process in left:
        process.kill()
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    assert left == []
    said = done.stdout.split("::block\n")[1:]
    assert len(said) == len(found) >= 8
    for (text, expected), output in zip(found, said, strict=True):
        for line in expected:
            pattern = ".*".join(re.escape(part) for part in line.split("…"))
            assert re.search(pattern, output), f"{line!r} is not what this prints:\n{text}\n{output}"
    assert time.monotonic() - began < WITHIN
