"""Whatever names and numbers a figure has, it is well-formed SVG of nothing but shapes and text."""

import re
from xml.etree import ElementTree as ET

import pytest
from format_samples import MANY
from hypothesis import given, settings
from hypothesis import strategies as st

from threatweaver_exposure.charts import svg, words
from threatweaver_exposure.charts.figure import (
    Bars,
    Columns,
    Figure,
    Gauge,
    HeatMap,
    Lines,
    Series,
    Tile,
    Tiles,
)

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {
    "svg", "title", "desc", "style", "rect", "line", "text", "polyline", "polygon", "circle", "path",
}  # fmt: skip
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
HOSTILE = st.sampled_from(
    ["<script>alert(1)</script>", '"/><image href="x"/>', "]]><!--", "\x00\x08\x1b", "\ud800", "﷽" * 50,
     "&lt;&#0;", "a\u0300" * 99, "\u202egnirts", "W" * 999, "漢" * 300, "😀" * 200, "Ж" * 200, ""]
)  # fmt: skip
TEXTS = HOSTILE | st.text(st.characters(), max_size=60)
NUMBERS = st.none() | st.floats() | st.integers(-(10**400), 10**400) | st.integers(-5, 5)


@st.composite
def figures(draw):
    count, kinds = draw(st.integers(0, 12)), draw(st.integers(0, 4))
    names = draw(st.lists(TEXTS, min_size=count, max_size=count))
    row = st.lists(NUMBERS, min_size=count, max_size=count)
    series = [Series(label=draw(TEXTS), values=draw(row)) for _ in range(kinds)]
    shared = {"series": series, "unit": draw(TEXTS), "across": draw(TEXTS), "stacked": draw(st.booleans())}
    plots = {
        "lines": lambda: Lines(at=names, **shared),
        "columns": lambda: Columns(categories=names, **shared),
        "bars": lambda: Bars(categories=names, marks=draw(row | st.just([])), mark=draw(TEXTS), **shared),
        "heat map": lambda: HeatMap(
            rows=[item.label for item in series],
            columns=names,
            cells=[item.values for item in series],
            unit=draw(TEXTS),
            across=draw(TEXTS),
            down=draw(TEXTS),
        ),
        "gauge": lambda: Gauge(value=draw(NUMBERS), most=100, unit=draw(TEXTS)),
        "tiles": lambda: Tiles(tiles=[Tile(label=name, value=draw(NUMBERS)) for name in names]),
    }
    plot = plots[draw(st.sampled_from(sorted(plots)))]()
    return Figure(title=draw(TEXTS), note=draw(TEXTS), plot=plot)


def points(item):
    """The places that an element names, across and down."""
    for across, down in (("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy")):
        if across in item.attrib:
            yield float(item.get(across)), float(item.get(down))
    if item.tag == f"{SVG}rect":
        yield (
            float(item.get("x")) + float(item.get("width")),
            float(item.get("y")) + float(item.get("height")),
        )
    flat = [float(part) for part in NUMBER.findall(item.get("points", ""))]
    yield from zip(flat[::2], flat[1::2], strict=True)


@given(figures(), st.sampled_from(["light", "dark", None]))
@settings(max_examples=40 * MANY or 80, deadline=None)
def test_nothing_hostile_passes_and_nothing_leaves_the_paper(figure, theme):
    drawn = svg.draw(figure, theme)
    root = ET.fromstring(drawn)
    wide, high = int(root.get("width")), int(root.get("height"))
    for item in root.iter():
        assert item.tag.removeprefix(SVG) in SHAPES
        assert not any(name.startswith("on") or name.endswith("href") for name in item.attrib)
        for x, y in points(item):
            assert -0.5 <= x <= wide + 0.5, item.attrib
            assert -0.5 <= y <= high + 0.5, item.attrib
    assert not {"nan", "inf"} & set(re.findall(r'"(-?nan|-?inf)"', drawn.decode()))
    assert svg.draw(figure, theme) == drawn


@given(TEXTS, st.floats(0, 500), st.sampled_from([12, 19.5, 32]))
def test_text_is_as_wide_as_there_is_room(text, room, size):
    assert words.width(words.fit(text, room, size), size) <= room + 1e-6


@given(st.floats(-1e18, 1e18), st.floats(-1e18, 1e18))
def test_ticks_are_round_few_and_around_the_numbers(one, other):
    least, most = min(one, other), max(one, other)
    found = words.ticks(least, most)
    slack = max(abs(least), abs(most), 1.0) * 1e-6
    assert 2 <= len(found) <= 13
    assert found == sorted(found)
    assert found[0] <= least + slack
    assert found[-1] >= most - slack


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "\N{EN DASH}"), (float("nan"), "\N{EN DASH}"), (0, "0"),
        (3.456, "3.46"), (63.25, "63.2"), (1234, "1,234"),
        (-40, "-40"), (48211, "48.2k"), (999_950, "1M"), (2_500_000_000, "2.5B"), (10**400, "1e+18"),
    ],
)  # fmt: skip
def test_numbers_as_people_read_them(value, said):
    assert words.number(value) == said
