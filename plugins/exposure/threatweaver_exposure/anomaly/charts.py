"""How a watched series is drawn: its course, and the limits of what is usual."""

from typing import Any

from threatweaver_exposure.charts.figure import Figure, Lines, Series
from threatweaver_exposure.charts.parts import DAY, span
from threatweaver_exposure.charts.rendition import drawn


def _series(body: Any) -> Figure:
    points = body["points"]
    outside = sum(point["direction"] is not None for point in points)
    about = f" ({body['subject']})" if body["subject"] else ""
    return Figure(
        title=f"{body['title']}{about}",
        note=f"{span(body)}; {outside} days not as usual",
        plot=Lines(
            at=[point["day"] for point in points],
            series=[
                Series(label="Value", tone="s1", values=[point["value"] for point in points]),
                Series(label="Expected", tone="idle", values=[point["expected"] for point in points]),
                Series(label="Lower limit", tone="good", values=[point["lower"] for point in points]),
                Series(label="Upper limit", tone="warn", values=[point["upper"] for point in points]),
                Series(
                    label="Not as usual",
                    tone="bad",
                    values=[point["value"] if point["direction"] else None for point in points],
                ),
            ],
            unit=body["unit"],
            across=DAY,
        ),
    )


SERIES = drawn(_series)
