"""What was measured, beside its goal and what it can be compared with; and the table of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value; `goal` None = told, not judged."""

    name: str
    value: float
    unit: str = ""
    digits: int = 0
    goal: float | None = None
    best: Literal["high", "low"] = "high"
    beside: str = ""

    @property
    def missed(self) -> bool:
        if self.goal is None:
            return False
        return self.value < self.goal if self.best == "high" else self.value > self.goal

    def cells(self) -> tuple[str, str, str, str]:
        sign = "≥" if self.best == "high" else "≤"
        goal = "" if self.goal is None else f"{sign} {_text(self.goal, self.digits)} {self.unit}"
        verdict = "" if self.goal is None else " MISSED" if self.missed else " ok"
        return self.name, f"{_text(self.value, self.digits)} {self.unit}", f"{goal}{verdict}", self.beside


def _text(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def table(title: str, figures: Sequence[Figure]) -> str:
    """Return the figures as a table of plain text that is also Markdown."""
    rows = [("", "measured", "goal", "beside it"), *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join(["", f"### {title}", "", lines[0], rule, *lines[1:], ""])
