"""What a chart shows: titles, units and numbers, not yet a place on paper."""

from collections.abc import Sequence
from dataclasses import dataclass

Value = float | None
SEVERITY_TONES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers under one name; None where nothing is known.

    `tone` is a color's name in styles.py, without it the next one of a list.
    """

    label: str
    values: Sequence[Value]
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Courses over `at`, the oldest first; `stacked` areas add up, and take nothing below zero.

    `most` fixes the upper end of the axis.
    """

    at: Sequence[str]
    series: Sequence[Series]
    unit: str
    across: str
    stacked: bool = False
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Upright bars: one group for each category, or one stack."""

    categories: Sequence[str]
    series: Sequence[Series]
    unit: str
    across: str
    stacked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars that lie, for names that are long; `marks` are what each is measured against."""

    categories: Sequence[str]
    series: Sequence[Series]
    unit: str
    across: str
    stacked: bool = False
    tones: Sequence[str] = ()  # a color for each category, where there is one series
    marks: Sequence[Value] = ()
    mark: str = ""  # what the marks are
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """A number for each row and column, the more the darker."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[Value]]
    unit: str
    across: str
    down: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One number between 0 and `most`."""

    value: Value
    most: float
    unit: str
    tone: str = "s1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A number and what it is."""

    label: str
    value: Value
    tone: str = "s1"
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """Numbers side by side."""

    tiles: Sequence[Tile]


Plot = Lines | Columns | Bars | HeatMap | Gauge | Tiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart: what it is called, what there is to know beside it, and what is drawn."""

    title: str
    note: str = ""
    plot: Plot
