"""Reviewed lists: TWTEST_UPDATE=1 writes them anew."""

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "snapshots"


def compare(name, text):
    path = FOLDER / name
    if os.environ.get("TWTEST_UPDATE") == "1":
        path.write_text(text, encoding="utf-8")
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    assert text == known, f"tests/snapshots/{name} differs; review, then `make snapshots`"
