"""The scanner under siege: what it takes of memory and time at targets that are made to wear it out.

Each scan is `python -m threatweaver_appsec scan` in a process of its own. Its memory is the most that its own
process had, and the most that it and its browser held at one moment: what cannot be taken back (anonymous and
shared memory), and for comparison all of it, parts of program files in memory included.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import processes
from figures import Figure

ROOT = Path(__file__).resolve().parents[2]
MOST = 300.0  # megabytes
LATE = 15.0  # seconds that a scan may need beyond its budget to end
SECONDS = 45.0
_HELD = re.compile(r"^Pss_(?:Anon|Shmem):\s+(\d+)", re.MULTILINE)
_ALL = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


@dataclass
class Weight:
    """The most of each, in megabytes."""

    own: float = 0.0
    held: float = 0.0
    whole: float = 0.0

    def look(self, root: int) -> None:
        """Weigh a process and all below it."""
        held = whole = 0
        for process in _tree(root):
            text = _rollup(process)
            held += sum(map(int, _HELD.findall(text)))
            whole += sum(map(int, _ALL.findall(text)))
        with suppress(OSError):
            self.own = max(self.own, processes.peak_memory(root) / 1024**2)
        self.held, self.whole = max(self.held, held / 1024), max(self.whole, whole / 1024)


@dataclass
class Came:
    """What came of one scan."""

    weight: Weight
    seconds: float
    report: dict


@contextmanager
def hostile(name: str) -> Iterator[str]:
    """Serve a hostile target in a process of its own; yield its base."""
    words = [sys.executable, "-m", "lab", "--hostile", name]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT) as server:
        try:
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.kill()


def scan(base: str, *options: str, seconds: float = SECONDS) -> Came:
    """Scan a base to the end, and weigh it meanwhile."""
    words = [sys.executable, "-m", "threatweaver_appsec", "scan", base, "--allow-private", "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        words += ["--max-seconds", str(seconds), "--format", "json", "--out", str(out), *options]
        began, weight = time.monotonic(), Weight()
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as running:
            while running.poll() is None:
                weight.look(running.pid)
                time.sleep(0.05)
        took = time.monotonic() - began
        report = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"state": "no report"}
    return Came(weight, took, report)


def measure(*names: str, seconds: float = SECONDS) -> Iterator[Figure]:
    """Scan hostile targets, all where none is named; yield peaks, and how late each scan ended."""
    for name in names or _names():
        with hostile(name) as base:
            came = scan(base, "--unsafe", seconds=seconds)
        report, weight = came.report, came.weight
        said = f"{report['state']} {report.get('reason', '')}".strip()[:70]
        costs = f"{report.get('requests', 0):,} requests, {len(report.get('findings', ()))} findings"
        beside = f"own {weight.own:.0f}, with program files {weight.whole:.0f} MB; {costs}; {said}"
        yield Figure(
            name=f"{name}: memory", value=weight.held, unit="MB", goal=MOST, best="low", beside=beside
        )
        late = max(0.0, came.seconds - seconds)
        yield Figure(
            name=f"{name}: beyond {seconds:.0f} s", value=late, unit="s", digits=1, goal=LATE, best="low"
        )


def _names() -> list[str]:
    """What the lab calls them."""
    script = "from lab.hostile import HOSTILE; print(*HOSTILE)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def _tree(root: int) -> list[int]:
    found = [root]
    for process in found:
        found += processes.children(process)
    return found


def _rollup(process: int) -> str:
    try:
        return Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return ""


if __name__ == "__main__":
    for figure in measure(*sys.argv[1:]):
        print(" | ".join(figure.cells()), flush=True)
