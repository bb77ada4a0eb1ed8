"""What a plugin imports of the kernel, read from its sources without running them."""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from threatweaver.plugins.manifest import Manifest

_IMPORT = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+threatweaver\b(?:\.(\w+)|[ \t]+import[ \t]+(\w+))?", re.MULTILINE
)
_PUBLIC = {b"reports", b"sdk", b"testing"}


def foreign(manifest: Manifest) -> str | None:
    """Say which file imports the inside of the kernel, None if none does.

    It holds honest authors to the contract that lets them survive an upgrade; who wants to get around it can.
    """
    spec = find_spec(manifest.package)
    folders = spec.submodule_search_locations or () if spec else ()
    return next(filter(None, map(_foreign_in, folders)), None)


@cache  # what a process has loaded it does not load again, and a license change asks anew
def _foreign_in(folder: str) -> str | None:
    for path in sorted(Path(folder).rglob("*.py")):
        if (found := _first(path.read_bytes())) is not None:
            where = path.relative_to(Path(folder).parent)
            return f"{where} imports {found}: a plugin may use threatweaver.sdk only"
    return None


def _first(source: bytes) -> str | None:
    for match in _IMPORT.finditer(source):
        name = match[1] or match[2] or b""
        if name not in _PUBLIC:
            return b".".join(part for part in (b"threatweaver", name) if part).decode()
    return None
