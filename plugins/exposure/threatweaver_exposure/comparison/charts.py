"""How groups are drawn side by side."""

from typing import Any

from threatweaver_exposure.charts.figure import Figure
from threatweaver_exposure.charts.parts import severity_bars
from threatweaver_exposure.charts.rendition import drawn
from threatweaver_exposure.charts.words import number


def _group_comparison(body: Any) -> Figure:
    rows = body["data"]
    kinds = {"group": "Asset groups", "tag": "Tags"}
    return Figure(
        title=f"{kinds[body['by']]} side by side",
        note="In parentheses the risk score",
        plot=severity_bars([f"{row['name']} ({number(row['riskScore'])})" for row in rows], rows),
    )


GROUP_COMPARISON = drawn(_group_comparison)
