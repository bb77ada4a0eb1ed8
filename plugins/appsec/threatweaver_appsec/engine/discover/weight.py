"""How much memory a process and all that it started hold, as Linux says it."""

import re
from contextlib import suppress
from pathlib import Path

_HELD = re.compile(r"^Rss(?:Anon|Shmem):\s+(\d+)", re.MULTILINE)


class Scale:
    """Weighs a process and all below it again and again; who has begun is looked up at every tenth time."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._looked = 0
        self._found: list[int] = []

    def megabytes(self) -> int:
        """Return what `megabytes` says, of those who had begun lately."""
        if self._looked % 10 == 0:
            self._found = _tree(self._root)
        self._looked += 1
        return sum(map(_held, self._found)) // 1024


def megabytes(root: int) -> int:
    """Return what a process and its children hold beside files that they map; 0 where nobody says it.

    What processes share counts for each of them, so the sum is rather too high.
    """
    return Scale(root).megabytes()


def _tree(root: int) -> list[int]:
    found = [root]
    for process in found:  # each thread has children of its own
        with suppress(OSError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                found += [int(word) for word in _read(thread / "children").split()]
    return found


def _held(process: int) -> int:
    return sum(map(int, _HELD.findall(_read(Path(f"/proc/{process}/status")))))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
