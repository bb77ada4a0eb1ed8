"""How the answers about what is open now are drawn."""

from collections.abc import Callable
from typing import Any

from threatweaver_exposure.charts.figure import Bars, Figure, HeatMap, Series
from threatweaver_exposure.charts.parts import (
    VULNERABILITIES,
    bar_of_each,
    days,
    severity_bars,
    severity_columns,
)
from threatweaver_exposure.charts.rendition import drawn

_WEIGHT = "By weight: 10 for critical, 5 high, 2 medium, 1 low"


def _aging(body: Any) -> Figure:
    bands = body["bands"]
    return Figure(
        title="Active vulnerabilities by age",
        note=f"At the end of {body['day']}",
        plot=severity_columns(
            [days(band["fromDays"], band["toDays"]) for band in bands], bands, "days since the first sighting"
        ),
    )


def _asset_exposure(body: Any) -> Figure:
    return Figure(
        title="Assets by worst severity and last scan",
        note=f"{body['assets']:,} assets",
        plot=HeatMap(
            rows=[row["severity"] or "nothing active" for row in body["rows"]],
            columns=[days(column["fromDays"], column["toDays"]) for column in body["columns"]],
            cells=[row["counts"] for row in body["rows"]],
            unit="assets",
            across="days since the last scan",
            down="Worst severity",
        ),
    )


def _rows(title: str, name: str, note: str = "") -> Callable[[Any], Figure]:
    """Return the maker of a figure with a bar for each row, called by a member of it."""

    def figure(body: Any) -> Figure:
        rows = body["data"]
        return Figure(title=title, note=note, plot=severity_bars([row[name] for row in rows], rows))

    return figure


def _kev_exposure(body: Any) -> Figure:
    counts = {name.upper(): count for name, count in body["bySeverity"].items()}
    return Figure(
        title="Active vulnerabilities that are known to be exploited",
        note=f"On {body['assets']:,} assets, by {body['definitions']:,} checks",
        plot=bar_of_each(counts, "Active", "known to be exploited"),
    )


def _scan_coverage(body: Any) -> Figure:
    names = {
        "assets": "All assets",
        "seenWithin7Days": "Seen within 7 days",
        "seenWithin30Days": "Seen within 30 days",
        "seenWithin90Days": "Seen within 90 days",
        "authenticatedWithin30Days": "With a login within 30 days",
        "neverAuthenticated": "Never with a login",
    }
    return Figure(
        title="Scan coverage",
        note=f"{body['unobservedVulnerabilities']:,} active vulnerabilities are not observed any more",
        plot=Bars(
            categories=list(names.values()),
            series=[Series(label="Assets", values=[body[member] for member in names])],
            tones=["s1", "good", "good", "good", "good", "bad"],
            unit="assets",
            across="scanned",
        ),
    )


def _accepted_risk(body: Any) -> Figure:
    ends = {
        "within30Days": ("within 30 days", "bad"),
        "within90Days": ("31 to 90 days", "warn"),
        "later": ("later", "idle"),
    }
    return Figure(
        title="Accepted risk",
        note=f"{body['total']['accepted']:,} accepted vulnerabilities, by when their acceptance runs out",
        plot=Bars(
            categories=[tier["severity"] for tier in body["tiers"]],
            series=[
                Series(label=label, tone=color, values=[tier[member] for tier in body["tiers"]])
                for member, (label, color) in ends.items()
            ],
            stacked=True,
            unit=VULNERABILITIES,
            across="accepted",
        ),
    )


AGING = drawn(_aging)
ASSET_EXPOSURE = drawn(_asset_exposure)
TOP_ASSETS = drawn(_rows("Assets that weigh most", "name", _WEIGHT))
TOP_VULNERABILITIES = drawn(_rows("Checks that weigh most", "name", _WEIGHT))
TOP_CVES = drawn(_rows("CVEs that weigh most", "cve", _WEIGHT))
KEV_EXPOSURE = drawn(_kev_exposure)
SCAN_COVERAGE = drawn(_scan_coverage)
ACCEPTED_RISK = drawn(_accepted_risk)
SOURCES = drawn(_rows("Active vulnerabilities by source", "source"))
