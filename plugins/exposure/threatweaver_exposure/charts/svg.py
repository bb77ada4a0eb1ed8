"""From a figure to SVG: the frame around a plot, its legend, and what is said to those who do not see it."""

from collections.abc import Iterator, Sequence

from threatweaver_exposure.charts import plots
from threatweaver_exposure.charts.figure import (
    Bars,
    Columns,
    Figure,
    Gauge,
    HeatMap,
    Lines,
    Plot,
    Series,
    Tiles,
)
from threatweaver_exposure.charts.node import Node, node, rectangle, text
from threatweaver_exposure.charts.plots import MARGIN, WIDTH
from threatweaver_exposure.charts.styles import SHEETS
from threatweaver_exposure.charts.words import clean, finite, fit, number, width

CONTENT_TYPE = "image/svg+xml"
_MOST_SAID = 40


def draw(figure: Figure, theme: str | None = None) -> bytes:
    """Return a figure as an SVG document of its own; a theme is `light` or `dark`, None the reader's."""
    room = WIDTH - 2 * MARGIN
    parts = [text(MARGIN, 34, fit(figure.title, room, 19.5), "title")]
    top = 46.0
    if figure.note:
        parts.append(text(MARGIN, 54, fit(figure.note, room, 12), "muted"))
        top = 66
    if _is_empty(figure.plot):
        parts += [
            rectangle(MARGIN, top, room, 140, "plate", rx=6),
            text(WIDTH / 2, top + 75, "No data", "muted", "middle"),
        ]
        bottom = top + 140
    else:
        legend, top = _legend(figure.plot, top)
        drawn, bottom = plots.plotted(figure.plot, top)
        parts += [*legend, *drawn]
    high = round(bottom + 20)
    root = node(
        "svg",
        node("title", clean(figure.title)),
        node("desc", " ".join([clean(figure.note), *_said(figure.plot)]).strip()),
        node("style", SHEETS[theme]),
        rectangle(0, 0, WIDTH, high, "paper"),
        *parts,
        kind="tw",
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        width=WIDTH,
        height=high,
        viewBox=f"0 0 {WIDTH} {high}",
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n'.encode()


def _is_empty(plot: Plot) -> bool:
    """Say whether there is nothing to draw; zero is something."""
    match plot:
        case Gauge():
            known = [plot.value]
        case Tiles():
            known = [tile.value for tile in plot.tiles]
        case HeatMap():
            known = [value for row in plot.cells for value in row]
        case _:
            known = [value for series in plot.series for value in series.values]
    return all(finite(value) is None for value in known)


def _legend(plot: Plot, top: float) -> tuple[list[Node], float]:
    """Return the names of colors, in as many lines as they take, and where the plot begins."""
    if not isinstance(plot, Lines | Columns | Bars):
        return [], top
    names = [(f"f-{tone}", series.label) for series, tone in plots.toned(plot.series)]
    marked = isinstance(plot, Bars) and any(finite(value) is not None for value in plot.marks)
    if len(names) == 1 and not marked:
        return [], top
    if isinstance(plot, Bars) and plot.tones:
        names = []
    if isinstance(plot, Bars) and marked:
        names.append(("mark", plot.mark))
    found: list[Node] = []
    x, y = MARGIN, top + 12
    for kind, label in names:
        said = fit(label, 200, 12)
        wide = 16 + width(said, 12) + 14
        if x + wide > WIDTH - MARGIN and x > MARGIN:
            x, y = MARGIN, y + 20
        if kind == "mark":
            found.append(node("line", kind="mark", x1=x + 5, x2=x + 5, y1=y - 11, y2=y + 1))
        else:
            found.append(rectangle(x, y - 10, 10, 10, kind, rx=2))
        found.append(text(x + 16, y, said))
        x += wide
    return found, y + 12


def _said(plot: Plot) -> Iterator[str]:
    """Yield the figures in words, the first of many."""
    match plot:
        case Gauge():
            yield f"{number(plot.value)} of {number(plot.most)} {plot.unit}."
        case Tiles():
            yield _listed([tile.label for tile in plot.tiles], [tile.value for tile in plot.tiles], "")
        case HeatMap():
            for name, cells in zip(plot.rows, plot.cells, strict=True):
                yield f"{clean(name)}: {_listed(plot.columns, cells, plot.unit)}"
        case Lines():
            for series in plot.series:
                yield _course(series, plot.unit)
        case _:
            for series in plot.series:
                yield f"{clean(series.label)}: {_listed(plot.categories, series.values, plot.unit)}"


def _listed(names: Sequence[str], values: Sequence[float | None], unit: str) -> str:
    pairs = list(zip(names, values, strict=True))
    said = ", ".join(f"{fit(name, 600, 12)} {number(value)}" for name, value in pairs[:_MOST_SAID])
    more = f", and {len(pairs) - _MOST_SAID} more" if len(pairs) > _MOST_SAID else ""
    return f"{said}{more}{f' ({unit})' if unit else ''}."


def _course(series: Series, unit: str) -> str:
    known = [value for value in map(finite, series.values) if value is not None]
    if not known:
        return f"{clean(series.label)}: no data."
    return (
        f"{clean(series.label)}: last {number(known[-1])}, lowest {number(min(known))}, "
        f"highest {number(max(known))} {unit}."
    )
