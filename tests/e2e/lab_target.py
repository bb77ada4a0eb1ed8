"""An application of the lab as a target, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def lab(*arguments: str) -> Iterator[str]:
    """Serve what `python -m lab` serves for these arguments; yield its URL."""
    command = [sys.executable, "-m", "lab", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()
