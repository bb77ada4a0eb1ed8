"""Where the marks of each kind of plot stand: from its upper edge downwards, and where it ends."""

import math
from collections.abc import Callable, Iterator, Sequence

from threatweaver_exposure.charts.figure import (
    Bars,
    Columns,
    Gauge,
    HeatMap,
    Lines,
    Plot,
    Series,
    Tiles,
    Value,
)
from threatweaver_exposure.charts.node import Node, line, node, rectangle, text
from threatweaver_exposure.charts.words import clean, day, finite, fit, number, ticks, width

WIDTH, MARGIN = 720, 24.0
_HIGH = 230.0
_RIGHT = WIDTH - MARGIN
_SMALL = 12.0
_GENERIC = 6
Drawn = tuple[list[Node], float]
Scale = Callable[[float], float]


def plotted(plot: Plot, top: float) -> Drawn:
    """Return the marks of a plot from `top` downwards, and where they end."""
    match plot:
        case Lines():
            return _lines(plot, top)
        case Columns():
            return _columns(plot, top)
        case Bars():
            return _bars(plot, top)
        case HeatMap():
            return _heat_map(plot, top)
        case Gauge():
            return _gauge(plot, top)
        case Tiles():
            return _tiles(plot, top)


def toned(series: Sequence[Series]) -> list[tuple[Series, str]]:
    """Return each series with its color."""
    return [(item, item.tone or f"s{place % _GENERIC + 1}") for place, item in enumerate(series)]


def _known(values: Sequence[Value]) -> list[float]:
    return [value for value in map(finite, values) if value is not None]


def _tip(name: str, series: str, value: Value, unit: str) -> Node:
    label = f"{clean(name)}, {clean(series)}" if series else clean(name)
    return node("title", f"{label}: {number(value)} {unit}".strip())


# -- upright axes ------------------------------------------------------------------------------------------


def _sums(series: Sequence[Series], count: int) -> list[float]:
    return [sum(max(0.0, finite(item.values[place]) or 0.0) for item in series) for place in range(count)]


def _upright(
    values: Sequence[float], unit: str, across: str, top: float, most: float | None
) -> tuple[list[Node], float, Scale, float]:
    """Return grid, axis and their titles; the left edge, the scale, and the lower edge of what is plotted."""
    upper = max([0.0, *values]) if most is None else most
    steps = ticks(min([0.0, *values]), upper)
    labels = [number(step) for step in steps]
    left = MARGIN + max(width(label, _SMALL) for label in labels) + 8
    top, bottom = top + 26, top + 26 + _HIGH
    scale = _scaled(steps[0], steps[-1], bottom, top)
    parts = [text(MARGIN, top - 14, fit(unit, _RIGHT - MARGIN, _SMALL), "muted")]
    for step, label in zip(steps, labels, strict=True):
        y = scale(step)
        parts.append(line(left, y, _RIGHT, y, "axis" if step == 0 else "grid"))
        parts.append(text(left - 8, y + 4, label, "muted", "end"))
    parts.append(
        text((left + _RIGHT) / 2, bottom + 42, fit(across, _RIGHT - left, _SMALL), "muted", "middle")
    )
    return parts, left, scale, bottom


def _scaled(least: float, most: float, start: float, end: float) -> Scale:
    span = most - least or 1.0
    return lambda value: start + (end - start) * (min(max(value, least), most) - least) / span


def _below(labels: Sequence[str], places: Sequence[float], y: float, room: float) -> Iterator[Node]:
    """Yield the names below an axis, as many of them as do not touch each other."""
    fitted = [fit(label, max(room - 8, 70), _SMALL) for label in labels]
    widest = max((width(label, _SMALL) for label in fitted), default=0.0)
    end = 0.0
    for place in range(0, len(labels), max(1, math.ceil((widest + 8) / max(room, 1e-9)))):
        half = width(fitted[place], _SMALL) / 2
        x = min(max(places[place], MARGIN + half), _RIGHT - half)
        if x - half >= end:
            yield text(x, y, fitted[place], "muted", "middle")
            end = x + half + 8


def _lines(plot: Lines, top: float) -> Drawn:
    count = len(plot.at)
    found = _sums(plot.series, count) if plot.stacked else _known([v for s in plot.series for v in s.values])
    parts, left, scale, bottom = _upright(found, plot.unit, plot.across, top, plot.most)
    step = (_RIGHT - left - 12) / max(count - 1, 1)
    places = [left + 6 + step * place for place in range(count)] if count > 1 else [(left + _RIGHT) / 2]
    if plot.stacked:
        parts += _areas(plot, places if count > 1 else [left + 6, _RIGHT - 6], scale)
    else:
        for series, tone in toned(plot.series):
            parts += _course(series, tone, places, scale, plot)
    parts += _below([day(at) for at in plot.at], places, bottom + 20, step)
    return parts, bottom + 46


def _course(series: Series, tone: str, places: Sequence[float], scale: Scale, plot: Lines) -> Iterator[Node]:
    """Yield a line for each stretch without gaps, and a dot at what is last and what stands alone."""
    pieces: list[list[int]] = [[]]
    for place, value in enumerate(map(finite, series.values)):
        if value is not None:
            pieces[-1].append(place)
        elif pieces[-1]:
            pieces.append([])
    values = [finite(value) or 0.0 for value in series.values]
    for piece in filter(None, pieces):
        points = " ".join(f"{places[place]:.1f},{scale(values[place]):.1f}" for place in piece)
        last = piece[-1]
        if len(piece) > 1:
            yield node("polyline", node("title", clean(series.label)), kind=f"line l-{tone}", points=points)
        if len(piece) == 1 or last == len(values) - 1:
            tip = _tip(plot.at[last], series.label, values[last], plot.unit)
            yield node("circle", tip, kind=f"f-{tone} edge", cx=places[last], cy=scale(values[last]), r=4)


def _areas(plot: Lines, places: Sequence[float], scale: Scale) -> Iterator[Node]:
    below = [0.0] * len(places)
    for series, tone in reversed(toned(plot.series)):
        values = [max(0.0, finite(value) or 0.0) for value in series.values]
        values = values if len(values) == len(places) else values * len(places)
        above = [low + value for low, value in zip(below, values, strict=True)]
        forth = [f"{x:.1f},{scale(y):.1f}" for x, y in zip(places, above, strict=True)]
        back = [f"{x:.1f},{scale(y):.1f}" for x, y in zip(places, below, strict=True)]
        title = node("title", clean(series.label))
        yield node("polygon", title, kind=f"f-{tone} edge", points=" ".join([*forth, *reversed(back)]))
        below = above


def _columns(plot: Columns, top: float) -> Drawn:
    count = len(plot.categories)
    sums = _sums(plot.series, count)
    found = sums if plot.stacked else _known([v for s in plot.series for v in s.values])
    parts, left, scale, bottom = _upright(found, plot.unit, plot.across, top, None)
    band = (_RIGHT - left) / count
    groups = 1 if plot.stacked else len(plot.series)
    wide = min(band * 0.72 / groups, 64)
    places = [left + band * (place + 0.5) for place in range(count)]
    for place, name in enumerate(plot.categories):
        level, x = 0.0, places[place] - wide * groups / 2
        for series, tone in toned(plot.series):
            value = finite(series.values[place])
            if value is not None:
                low, high = (level, level + max(value, 0.0)) if plot.stacked else sorted((0.0, value))
                tip = _tip(name, series.label, value, plot.unit)
                edge = " edge" if plot.stacked else ""
                box = scale(low) - scale(high)
                if box > 0:
                    parts.append(rectangle(x, scale(high), wide - 1, box, f"f-{tone}{edge}", tip))
                level = high if plot.stacked else level
            x += 0 if plot.stacked else wide
        said = number(sums[place])
        if plot.stacked and sums[place] and width(said, _SMALL) < band:
            parts.append(text(places[place], scale(sums[place]) - 5, said, "", "middle"))
    parts += _below([day(name) for name in plot.categories], places, bottom + 20, band)
    return parts, bottom + 46


# -- names on the left -------------------------------------------------------------------------------------


def _names(labels: Sequence[str], most: float = 250) -> tuple[list[str], float]:
    """Return names as they fit, and where what they name begins."""
    fitted = [fit(label, most, _SMALL) for label in labels]
    return fitted, MARGIN + max((width(label, _SMALL) for label in fitted), default=0.0) + 10


def _bars(plot: Bars, top: float) -> Drawn:
    count, groups = len(plot.categories), 1 if plot.stacked else len(plot.series)
    names, left = _names(plot.categories)
    sums = _sums(plot.series, count)
    marks = [finite(value) for value in plot.marks] or [None] * count
    found = sums if plot.stacked else _known([v for s in plot.series for v in s.values])
    found = [0.0, *found, *_known(marks)]
    steps = ticks(min(found), max(found) if plot.most is None else plot.most, 5)
    values = [number(value) for value in (sums if plot.stacked else found)]
    right = _RIGHT - max(width(value, _SMALL) for value in values) - 6
    thick = 18.0 if groups == 1 else 13.0
    row = thick * groups + 12
    top, bottom = top + 4, top + 4 + row * count
    scale = _scaled(steps[0], steps[-1], left, right)
    parts = []
    placed = MARGIN
    for step in steps:
        x, half = scale(step), width(number(step), _SMALL) / 2
        parts.append(line(x, top, x, bottom, "axis" if step == 0 else "grid"))
        if x - half >= placed:
            parts.append(text(x, bottom + 17, number(step), "muted", "middle"))
            placed = x + half + 8
    for place, name in enumerate(names):
        y = top + row * place + 6
        whole = clean(plot.categories[place])
        parts.append(text(left - 10, y + thick * groups / 2 + 4.5, name, "", "end", whole))
        parts += _lying(plot, place, y, thick, scale)
        if (mark := marks[place]) is not None:
            parts.append(line(scale(mark), y - 3, scale(mark), y + thick * groups + 3, "mark"))
    title = fit(f"{plot.across} ({plot.unit})" if plot.unit else plot.across, _RIGHT - left, _SMALL)
    parts.append(text((left + right) / 2, bottom + 38, title, "muted", "middle"))
    return parts, bottom + 42


def _lying(plot: Bars, place: int, y: float, thick: float, scale: Scale) -> Iterator[Node]:
    """Yield the bars of a category one after the other or below each other, and what they come to."""
    level = 0.0
    for series, tone in toned(plot.series):
        value = finite(series.values[place])
        if value is not None:
            low, high = (level, level + max(value, 0.0)) if plot.stacked else sorted((0.0, value))
            kind = plot.tones[place] if plot.tones else tone
            tip = _tip(plot.categories[place], series.label, value, plot.unit)
            box = scale(high) - scale(low)
            if box > 0:
                edge = " edge" if plot.stacked else ""
                yield rectangle(scale(low), y, box, thick - 1, f"f-{kind}{edge}", tip)
            level = high if plot.stacked else level
        if not plot.stacked:
            end = scale(max(value or 0.0, 0.0, finite(plot.marks[place]) or 0.0 if plot.marks else 0.0))
            yield text(end + 6, y + thick / 2 + 4, number(value))
            y += thick
    if plot.stacked:
        yield text(scale(level) + 6, y + thick / 2 + 4, number(level))


def _heat_map(plot: HeatMap, top: float) -> Drawn:
    names, left = _names(plot.rows, 150)
    most = max(_known([value for row in plot.cells for value in row]), default=0.0)
    wide, high = (_RIGHT - left) / len(plot.columns), 34.0 if len(plot.rows) <= 8 else 26.0
    parts = [
        text(MARGIN, top + 10, fit(f"{plot.down}; cells: {plot.unit}", _RIGHT - MARGIN, _SMALL), "muted")
    ]
    top += 22
    for place, name in enumerate(names):
        y = top + high * place
        parts.append(text(left - 10, y + high / 2 + 4, name, "", "end"))
        for column, value in enumerate(plot.cells[place]):
            known = finite(value)
            share = 0.0 if not known or not most else max(known, 0.0) / most
            heat = math.ceil(share * 5) if share else 0
            tip = _tip(f"{clean(plot.rows[place])}, {clean(plot.columns[column])}", "", known, plot.unit)
            x = left + wide * column
            if known is not None:
                parts.append(rectangle(x + 1, y + 1, wide - 2, high - 2, f"f-h{heat}", tip, rx=3))
            said = fit(number(known), wide - 4, _SMALL)
            kind = "muted" if known is None else f"on{heat}"
            parts.append(text(x + wide / 2, y + high / 2 + 4, said, kind, "middle"))
    bottom = top + high * len(plot.rows)
    places = [left + wide * (column + 0.5) for column in range(len(plot.columns))]
    parts += _below(plot.columns, places, bottom + 18, wide)
    parts.append(
        text((left + _RIGHT) / 2, bottom + 40, fit(plot.across, _RIGHT - left, _SMALL), "muted", "middle")
    )
    return parts, bottom + 44


# -- numbers -----------------------------------------------------------------------------------------------


def _gauge(plot: Gauge, top: float) -> Drawn:
    x, y, radius = WIDTH / 2, top + 142.0, 118.0
    value = finite(plot.value) or 0.0
    share = min(max(value / plot.most, 0.0), 1.0)
    parts = [
        _arc(x, y, radius, 0.0, 1.0, "arc rest"),
        *([_arc(x, y, radius, 0.0, share, f"arc l-{plot.tone}")] if share > 0.002 else []),
        text(x, y - 18, number(value), "big", "middle"),
        text(x, y + 4, fit(f"of {number(plot.most)} {plot.unit}", 170, _SMALL), "muted", "middle"),
        text(x - radius, y + 20, "0", "muted", "middle"),
        text(x + radius, y + 20, number(plot.most), "muted", "middle"),
    ]
    return parts, y + 24


def _arc(x: float, y: float, radius: float, start: float, end: float, kind: str) -> Node:
    """Return a part of the upper half of a circle, from the left; 0 is its beginning, 1 its end."""

    def at(share: float) -> str:
        angle = math.pi * (1 - share)
        return f"{x + radius * math.cos(angle):.2f} {y - radius * math.sin(angle):.2f}"

    return node("path", kind=kind, d=f"M {at(start)} A {radius:g} {radius:g} 0 0 1 {at(end)}")


def _tiles(plot: Tiles, top: float) -> Drawn:
    across = min(4, len(plot.tiles))
    wide = (_RIGHT - MARGIN + 12) / across
    parts = []
    for place, tile in enumerate(plot.tiles):
        x, y = MARGIN + wide * (place % across), top + 88 * (place // across)
        parts += [
            rectangle(x, y, wide - 12, 76, "plate", rx=5),
            rectangle(x, y, 5, 76, f"f-{tile.tone}", rx=2),
            text(x + 18, y + 26, fit(tile.label, wide - 42, _SMALL), "muted"),
            text(x + 18, y + 60, fit(f"{number(tile.value)}{tile.unit}", wide - 42, 32), "big"),
        ]
    return parts, top + 88 * math.ceil(len(plot.tiles) / across) - 12
