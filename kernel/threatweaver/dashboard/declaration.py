"""Declaring widgets: what a dashboard can show, and the data of each kind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, get_args
from uuid import UUID


class WidgetKind(StrEnum):
    """How a widget is drawn."""

    NUMBER = "number"
    SERIES = "series"
    BARS = "bars"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberData:
    """One number, with its unit if it has one: `%`, `days`."""

    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a chart: its points, the oldest first."""

    label: str
    points: tuple[tuple[date | datetime, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesData:
    """Values over time."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsData:
    """A value for each label, in the order to be drawn."""

    bars: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableData:
    """Rows of cells under their columns' headings; at most a hundred rows are shown."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


WidgetData = NumberData | SeriesData | BarsData | TableData
"""What `DashboardWidget.produce` returns."""

DATA: dict[WidgetKind, type[WidgetData]] = {
    WidgetKind.NUMBER: NumberData,
    WidgetKind.SERIES: SeriesData,
    WidgetKind.BARS: BarsData,
    WidgetKind.TABLE: TableData,
}

FilterName = Literal["start_date", "end_date", "asset_group", "severity", "tag"]
FILTER_NAMES: tuple[str, ...] = get_args(FilterName)


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardFilters:
    """What a caller narrows the dashboard to; None is everything.

    Days are whole, in UTC, both included. A severity is 0 (INFO) to 4 (CRITICAL).
    """

    start_date: date | None = None
    end_date: date | None = None
    asset_group: UUID | None = None
    severity: tuple[int, ...] | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardWidget:
    """A widget `<plugin>.<name>` for callers who hold `permission` in the whole tenant.

    `produce(filters)` runs in the tenant's read-only transaction and returns the data of its `kind`
    (NumberData, SeriesData, BarsData or TableData). It may take five seconds; when it takes longer or raises,
    this widget says so and the others are shown. Of the filters it gets those that it names in `filters`,
    and callers see which it has honored. Raises ValueError for a filter that there is not.
    """

    name: str
    title: str
    kind: WidgetKind
    permission: str
    produce: Callable[[DashboardFilters], Awaitable[WidgetData]]
    filters: tuple[FilterName, ...] = ()

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.filters) - set(FILTER_NAMES)):
            raise ValueError(f"{self.name}: a dashboard has no filter {', '.join(unknown)}")
