"""How the answers of /dashboard are drawn."""

from typing import Any

from threatweaver_exposure.charts.figure import Figure, Tile, Tiles
from threatweaver_exposure.charts.parts import bar_of_each, severity_tiles
from threatweaver_exposure.charts.rendition import drawn


def _kpis(body: Any) -> Figure:
    tiles = [
        Tile(label="Assets", value=body["totalAssets"]),
        Tile(label="Vulnerabilities", value=body["totalVulnerabilities"]),
        Tile(label="Risk score of 100", value=body["riskScore"]),
    ]
    return Figure(
        title="Key figures",
        note=f"Active vulnerabilities{_once(body)}; the risk score is the mean over all assets",
        plot=Tiles(tiles=[*tiles, *severity_tiles(body)]),
    )


def _severity_breakdown(body: Any) -> Figure:
    return Figure(
        title=f"Active vulnerabilities by severity{_once(*body['data'])}",
        plot=bar_of_each({row["severity"]: row["count"] for row in body["data"]}, "Active", "active"),
    )


def _once(*counted: Any) -> str:
    return ", each flaw once" if any("look" in row for row in counted) else ""


KPIS = drawn(_kpis)
SEVERITY_BREAKDOWN = drawn(_severity_breakdown)
