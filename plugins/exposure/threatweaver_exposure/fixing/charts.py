"""How the answers about what fixing would bring are drawn."""

from typing import Any

from threatweaver_exposure.charts.figure import Bars, Figure, Series
from threatweaver_exposure.charts.rendition import drawn


def _top_risks(body: Any) -> Figure:
    rows = body["data"]
    kinds = {"definition": "Checks", "asset": "Assets"}
    return Figure(
        title=f"{kinds[body['by']]} with the most risk",
        note=f"Of {body['risk']:,} points that {body['active']:,} active vulnerabilities sum up to",
        plot=Bars(
            categories=[row["name"] for row in rows],
            series=[Series(label="Share", values=[row["percent"] for row in rows])],
            unit="% of all risk",
            across="share of the summed risk scores",
        ),
    )


def _patch_effect(body: Any) -> Figure:
    rows = body["data"]
    return Figure(
        title="What a patch takes off the risk score",
        note=f"The risk score is {body['riskScore']:g}, over {body['assets']:,} assets",
        plot=Bars(
            categories=[row["name"] for row in rows],
            series=[Series(label="Less", tone="good", values=[row["lowersBy"] for row in rows])],
            unit="points",
            across="less risk score when all of a check is fixed",
        ),
    )


TOP_RISKS = drawn(_top_risks)
PATCH_EFFECT = drawn(_patch_effect)
