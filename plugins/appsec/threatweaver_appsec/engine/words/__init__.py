"""Lists of words, one a line; lines that begin with # say where they come from."""

from functools import cache
from importlib.resources import files


@cache
def read(name: str) -> tuple[str, ...]:
    """Return the words of a list in its order."""
    text = files(__name__).joinpath(f"{name}.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
