"""What declarations of charts have in common: severities as series, and the words for a period."""

from collections.abc import Mapping, Sequence
from typing import Any

from threatweaver_exposure.charts.figure import SEVERITY_TONES, Bars, Columns, Series, Tile

VULNERABILITIES = "vulnerabilities"
DAY = "day (UTC)"


def severities(rows: Sequence[Mapping[str, Any]], member: str | None = "bySeverity") -> list[Series]:
    """Return a series for each severity, the worst first; of the counts in a member of rows, or in rows."""
    counts = [row if member is None else row[member] for row in rows]
    return [
        Series(label=name.capitalize(), tone=name, values=[row[name] for row in counts])
        for name in SEVERITY_TONES
    ]


def severity_bars(names: Sequence[str], rows: Sequence[Mapping[str, Any]], across: str = "active") -> Bars:
    """Return a bar for each row, of its counts by severity."""
    series = severities(rows)
    return Bars(categories=names, series=series, stacked=True, unit=VULNERABILITIES, across=across)


def severity_columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]], across: str) -> Columns:
    """Return a column for each row, of its counts by severity."""
    series = severities(rows)
    return Columns(categories=names, series=series, stacked=True, unit=VULNERABILITIES, across=across)


def bar_of_each(
    values: Mapping[str, float | None],
    label: str,
    across: str,
    *,
    unit: str = VULNERABILITIES,
    most: float | None = None,
) -> Bars:
    """Return a bar in its color for each severity, as JSON has it, with a number of one kind."""
    return Bars(
        categories=list(values),
        series=[Series(label=label, values=list(values.values()))],
        tones=[tone(severity) for severity in values],
        unit=unit,
        across=across,
        most=most,
    )


def severity_tiles(counts: Mapping[str, Any]) -> list[Tile]:
    """Return a tile for each severity, the worst first."""
    return [Tile(label=name.capitalize(), value=counts[name], tone=name) for name in SEVERITY_TONES]


def tone(severity: str | None) -> str:
    """Return the color of a severity as JSON has it; null is nothing."""
    return severity.lower() if severity else "good"


def span(body: Mapping[str, Any]) -> str:
    """Return the period of a body with `start` and `end`."""
    return f"{body['start']} to {body['end']}"


def days(first: int, last: int | None) -> str:
    """Return a band of days in words."""
    return f"over {first - 1} days" if last is None else f"{first} to {last} days"
