"""Elements of SVG. Text and attributes are escaped here and nowhere else, so nothing passes unescaped."""

import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

Attribute = str | float
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Node:
    """An element: its name, what is in it, and its attributes."""

    name: str
    inner: tuple["Node | str", ...] = ()
    attributes: dict[str, Attribute] = field(default_factory=dict)

    def __str__(self) -> str:
        said = "".join(f" {key}={quoteattr(_plain(value))}" for key, value in self.attributes.items())
        inner = "".join(escape(_legal(part)) if isinstance(part, str) else str(part) for part in self.inner)
        return f"<{self.name}{said}>{inner}</{self.name}>" if inner else f"<{self.name}{said}/>"


def _plain(value: Attribute) -> str:
    return _legal(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def _legal(said: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", said)


def node(name: str, *inner: Node | str, kind: str = "", **attributes: Attribute) -> Node:
    """Return an element; `kind` is its class, and `stroke_width` is stroke-width."""
    named: dict[str, Attribute] = {"class": kind} if kind else {}
    return Node(name, inner, named | {key.replace("_", "-"): value for key, value in attributes.items()})


def rectangle(
    x: float, y: float, wide: float, high: float, kind: str, *inner: Node | str, rx: float = 0
) -> Node:
    """Return a rectangle, which is nowhere less than nothing wide."""
    rounded: dict[str, Attribute] = {"rx": rx} if rx else {}
    return node("rect", *inner, kind=kind, x=x, y=y, width=max(wide, 0), height=max(high, 0), **rounded)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Node:
    """Return a straight line."""
    return node("line", kind=kind, x1=x1, y1=y1, x2=x2, y2=y2)


def text(x: float, y: float, said: str, kind: str = "", anchor: str = "start", tip: str = "") -> Node:
    """Return a line of text whose baseline begins, ends or has its middle at a point; `tip` is all of it."""
    named: dict[str, Attribute] = {"class": kind} if kind else {}
    placed: dict[str, Attribute] = {"text-anchor": anchor} if anchor != "start" else {}
    inner = (said, node("title", tip)) if tip and tip != said else (said,)
    return Node("text", inner, {**named, "x": x, "y": y, **placed})
