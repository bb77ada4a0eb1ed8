"""Charts in a browser: every kind in both themes, with text that is apart, on paper, and in its colors."""

import cdp
import pytest

from threatweaver_exposure.charts import svg
from threatweaver_exposure.charts.figure import (
    SEVERITY_TONES,
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

DAYS = [f"2026-10-{day:02}" for day in range(1, 31)]
NAMES = [
    "db-primary.production.eu-central-1.example.com",
    "漢字" * 30,
    "W" * 90,
    '<b>srv</b> & "co"',
    "ж" * 60,
]


def by_severity(count):
    return [
        Series(
            label=name.capitalize(), tone=name, values=[(place * 37 + row * 61) % 140 for row in range(count)]
        )
        for place, name in enumerate(SEVERITY_TONES)
    ]


AXES = {"unit": "vulnerabilities", "across": "day (UTC)"}
PLOTS = {
    "lines": Lines(at=DAYS, series=by_severity(30), **AXES),
    "year": Lines(at=DAYS * 12, series=by_severity(360)[:2], most=140, **AXES),
    "areas": Lines(at=DAYS, series=by_severity(30), stacked=True, **AXES),
    "columns": Columns(categories=DAYS[:8], series=by_severity(8), stacked=True, **AXES),
    "many columns": Columns(categories=DAYS, series=by_severity(30), stacked=True, **AXES),
    "groups": Columns(
        categories=DAYS[:6], series=[*by_severity(6)[:2], Series(label="Net", values=[-50, 9] * 3)], **AXES
    ),
    "bars": Bars(categories=NAMES, series=by_severity(5), stacked=True, **AXES),
    "measures": Bars(
        categories=NAMES,
        series=[Series(label="Measure", values=[100, 99.5, None, 0, 12345678])],
        marks=[95, 100, 90, 0, None],
        mark="target",
        **AXES,
    ),
    "heat map": HeatMap(
        rows=[*NAMES, "INFO"],
        columns=["0 to 7 days", "8 to 30 days", "31 to 90 days", "over 90 days"],
        cells=[[0, 5, 10**6, None]] * 6,
        unit="assets",
        across="days since the last scan",
        down="Worst severity",
    ),
    "gauge": Gauge(value=63.2, most=100, unit="points"),
    "tiles": Tiles(tiles=[Tile(label=name, value=10**place) for place, name in enumerate(NAMES)]),
    "nothing": Bars(categories=[], series=[], **AXES),
}
# Text of one mark may stand on that mark, but not on other text.
_TEXTS = """[...document.querySelectorAll('text')].map(item => {
    const box = item.getBoundingClientRect();
    return [item.textContent, box.left, box.top, box.right, box.bottom, getComputedStyle(item).fill];
})"""
_SIZE = "['width', 'height'].map(name => +document.documentElement.getAttribute(name))"
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 24, 31)"}


def touching(texts):
    """Pairs of texts whose boxes share more than the air that a font keeps above and below its letters."""
    for place, (one, left, top, right, bottom, _) in enumerate(texts):
        for other, its_left, its_top, its_right, its_bottom, _ in texts[place + 1 :]:
            across = min(right, its_right) - max(left, its_left)
            down = min(bottom, its_bottom) - max(top, its_top)
            if one and other and across > 1 and down > 4:
                yield one, other


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_nothing_overlaps_or_leaves_the_paper(theme, artifacts, tmp_path):
    wrong = []
    async with cdp.browser() as page:
        for kind, plot in PLOTS.items():
            figure = Figure(title=f"A chart of {kind}, at some length", note="Measured now", plot=plot)
            path = tmp_path / f"{kind.replace(' ', '-')}.svg"
            path.write_bytes(svg.draw(figure, theme))
            await page.send("Page.navigate", url=path.as_uri())
            await page.until(f"document.URL.endsWith({path.name!r}) && document.readyState == 'complete'")
            wide, high = await page.run(_SIZE)
            texts = await page.run(_TEXTS)
            wrong += [(kind, *pair) for pair in touching(texts)]
            wrong += [
                (kind, said, box)
                for said, *box, _ in texts
                if said and not (box[0] >= 0 and box[1] >= 0 and box[2] <= wide and box[3] <= high)
            ]
            said = {item[0] for item in texts}
            if isinstance(plot, Lines | Columns | Bars) and plot.series:
                named = {text for text in said if "vulnerabilities" in text}
                assert named, f"{kind} has no unit"
                assert any("day (UTC)" in text for text in said), f"{kind} has no axis title"
            assert figure.title in said
            assert await page.run("getComputedStyle(document.querySelector('.paper')).fill") == PAPER[theme]
            assert PAPER[theme] not in {item[-1] for item in texts} or kind == "heat map"
            await page.screenshot(artifacts / f"chart-{path.stem}-{theme}.png")
    assert wrong == []
    assert not page.complaints


@pytest.mark.parametrize("system", ["light", "dark"])
async def test_without_a_theme_a_chart_follows_the_system(system, tmp_path):
    path, chosen = tmp_path / "chart.svg", {"name": "prefers-color-scheme", "value": system}
    path.write_bytes(svg.draw(Figure(title="A gauge", plot=PLOTS["gauge"])))
    async with cdp.browser() as page:
        await page.send("Emulation.setEmulatedMedia", features=[chosen])
        await page.send("Page.navigate", url=path.as_uri())
        await page.until("!!document.querySelector('.paper')")
        assert await page.run("getComputedStyle(document.querySelector('.paper')).fill") == PAPER[system]
