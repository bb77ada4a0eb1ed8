"""How the answers about the time to fix are drawn."""

from typing import Any

from threatweaver_exposure.charts.figure import Bars, Figure, Series
from threatweaver_exposure.charts.parts import VULNERABILITIES, severity_columns
from threatweaver_exposure.charts.rendition import drawn


def _sla(body: Any) -> Figure:
    tiers = [tier for tier in body["tiers"] if tier["allowedDays"] is not None]
    percent = body["total"]["compliancePercent"]
    return Figure(
        title="Time to fix",
        note=f"{'Nothing is judged' if percent is None else f'{percent} % within'} on {body['day']}",
        plot=Bars(
            categories=[f"{tier['severity']}, {tier['allowedDays']} days" for tier in tiers],
            series=[
                Series(
                    label="within", tone="good", values=[tier["within"] - tier["dueSoon"] for tier in tiers]
                ),
                Series(label="due in 7 days", tone="warn", values=[tier["dueSoon"] for tier in tiers]),
                Series(label="breached", tone="bad", values=[tier["breached"] for tier in tiers]),
            ],
            stacked=True,
            unit=VULNERABILITIES,
            across="active",
        ),
    )


def _sla_forecast(body: Any) -> Figure:
    weeks = body["data"]
    return Figure(
        title="Breaches to come",
        note="By the week in which they are first in breach, if nothing is fixed",
        plot=severity_columns([week["startsOn"] for week in weeks], weeks, "week that begins on"),
    )


SLA = drawn(_sla)
SLA_FORECAST = drawn(_sla_forecast)
