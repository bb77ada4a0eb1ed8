"""Reviewed lists: TWTEST_UPDATE=1 writes them anew."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "snapshots"
FRAGMENTS = Path(__file__).parents[2] / "docs" / "changes" / "plugin-api"
MARK = "<!-- Below: generated from the code by `make snapshots`, and compared by a test. -->\n\n"
UPDATING = os.environ.get("TWTEST_UPDATE") == "1"


def compare(name, text):
    path = FOLDER / name
    if UPDATING:
        path.write_text(text, encoding="utf-8")
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    assert text == known, f"tests/snapshots/{name} differs; review, then `make snapshots`"


def compare_below(page, text):
    """Compare the part of a page in docs/ that stands below its mark: what is above, people write."""
    path = FOLDER.parents[1] / "docs" / page
    above, mark, known = path.read_text(encoding="utf-8").partition(MARK)
    assert mark, f"docs/{page} has no line {MARK.strip()}"
    if UPDATING:
        path.write_text(f"{above}{MARK}{text}", encoding="utf-8")
        known = text
    assert text == known, f"docs/{page} differs; review, then `make snapshots`"


@dataclass(frozen=True)
class Accounts:
    """Which fragments account for the public surface as it is: docs/changes/plugin-api/SURFACE.

    The first line is the digest of sdk.txt, each other one a fragment. The digest moves only together with a
    fragment that is not listed yet, so whoever changes the surface has to say it to plugin authors.
    """

    digest: str
    fragments: tuple[str, ...]

    @classmethod
    def of(cls, text: str, fragments: Sequence[str]) -> "Accounts":
        return cls(hashlib.sha256(text.encode()).hexdigest(), tuple(sorted(fragments)))

    @classmethod
    def read(cls) -> "Accounts":
        lines = (FRAGMENTS / "SURFACE").read_text(encoding="utf-8").split()
        return cls(lines[0], tuple(lines[1:]))

    def updated(self, text: str, fragments: Sequence[str] | None = None) -> "Accounts":
        """What to write for this surface; refused when it changed and no fragment is new."""
        given = _fragments() if fragments is None else fragments
        then = Accounts.of(text, given)
        assert then.digest == self.digest or set(given) - set(self.fragments), (
            "the public surface changed: say so in a new fragment in docs/changes/plugin-api"
        )
        if fragments is None:
            lines = "".join(f"{line}\n" for line in (then.digest, *then.fragments))
            (FRAGMENTS / "SURFACE").write_text(lines, encoding="utf-8")
        return then

    def wrong(self, text: str, fragments: Sequence[str] | None = None) -> str | None:
        """What does not fit, None if everything does."""
        if self == Accounts.of(text, _fragments() if fragments is None else fragments):
            return None
        return "docs/changes/plugin-api/SURFACE is not of this surface and these fragments: `make snapshots`"


def _fragments() -> list[str]:
    return sorted(path.name for path in FRAGMENTS.glob("*.md"))
