"""How the answers of figures over time are drawn."""

from typing import Any

from threatweaver_exposure.charts.figure import (
    SEVERITY_TONES,
    Bars,
    Columns,
    Figure,
    Gauge,
    HeatMap,
    Lines,
    Series,
)
from threatweaver_exposure.charts.parts import DAY, VULNERABILITIES, bar_of_each, severities, span
from threatweaver_exposure.charts.rendition import drawn


def _trends(body: Any) -> Figure:
    rows = body["data"]
    lines = {"new": "bad", "remediated": "good", "reopened": "warn", "persisting": "idle"}
    return Figure(
        title="New, remediated, reopened and persisting vulnerabilities",
        note=f"{rows[0]['start']} to {rows[-1]['end']}",
        plot=Lines(
            at=[row["start"] for row in rows],
            series=[
                Series(label=name.capitalize(), tone=color, values=[row[name] for row in rows])
                for name, color in lines.items()
            ],
            unit=VULNERABILITIES,
            across="period that begins on (UTC)",
        ),
    )


def _risk_score(body: Any) -> Figure:
    change = body["change"]
    since = "" if change is None else f"; {change:+g} since {body['course'][0]['day']}"
    return Figure(
        title="Risk score",
        note=f"Mean over {body['assets']:,} assets{since}",
        plot=Gauge(value=body["score"] if body["assets"] else None, most=100, unit="points"),
    )


def _risk_trend(body: Any) -> Figure:
    rows = body["data"]
    return Figure(
        title="Active vulnerabilities by band of the WeaverScore",
        note=f"At the end of each part, {rows[0]['start']} to {rows[-1]['end']}",
        plot=Lines(
            at=[row["start"] for row in rows],
            series=[
                Series(label=name.capitalize(), tone=color, values=[row["percent"][name] for row in rows])
                for name, color in zip(rows[0]["percent"], SEVERITY_TONES, strict=True)
            ],
            stacked=True,
            most=100,
            unit="% of active vulnerabilities",
            across="period that begins on (UTC)",
        ),
    )


def _severity_history(body: Any) -> Figure:
    rows = body["data"]
    return Figure(
        title="Active vulnerabilities by severity",
        note=f"At the end of each day, {rows[0]['day']} to {rows[-1]['day']}",
        plot=Lines(
            at=[row["day"] for row in rows],
            series=severities(rows, None),
            stacked=True,
            unit=VULNERABILITIES,
            across=DAY,
        ),
    )


def _mttr(body: Any) -> Figure:
    rows = body["bySeverity"]
    return Figure(
        title="Time to remediate",
        note=f"{body['closed']:,} closed, {span(body)}",
        plot=Bars(
            categories=[row["severity"] for row in rows],
            series=[
                Series(label="median", values=[row["medianDays"] for row in rows]),
                Series(label="mean", values=[row["meanDays"] for row in rows]),
            ],
            unit="days",
            across="from creation to closing",
        ),
    )


def _velocity(body: Any) -> Figure:
    weeks, left = body["weeks"], body["weeksOfWork"]
    return Figure(
        title="Remediation velocity",
        note=f"{body['closedPerWeek']:g} closed a week, {body['active']:,} active"
        + ("" if left is None else f": {left:g} weeks of work"),
        plot=Columns(
            categories=[week["start"] for week in weeks],
            series=[
                Series(label="created", tone="bad", values=[week["created"] for week in weeks]),
                Series(label="closed", tone="good", values=[week["closed"] for week in weeks]),
            ],
            unit=VULNERABILITIES,
            across="week that begins on (UTC)",
        ),
    )


def _reopened(body: Any) -> Figure:
    percents = {row["severity"]: row["percent"] for row in body["bySeverity"]}
    return Figure(
        title="Closed and reopened",
        note=f"{body['reopened']:,} of {body['closed']:,} came back, {span(body)}",
        plot=bar_of_each(percents, "Reopened", "reopened", unit="% of closed", most=100),
    )


def _cohorts(body: Any) -> Figure:
    rows = body["data"]
    return Figure(
        title="What is still active of each month",
        plot=HeatMap(
            rows=[row["month"] for row in rows],
            columns=[f"{after['days']} days" for after in rows[0]["after"]],
            cells=[[after["percent"] for after in row["after"]] for row in rows],
            unit="% active",
            across="days after creation",
            down="Month of creation",
        ),
    )


def _anomalies(body: Any) -> Figure:
    rows = body["anomalies"]
    return Figure(
        title="Days that stand out",
        note=f"{span(body)}; "
        + (f"judged from {body['judgedFrom']}" if body["judgedFrom"] else "too little history to judge"),
        plot=Bars(
            categories=[f"{row['day']}, {row['figure']}" for row in rows],
            series=[Series(label="Value", values=[row["value"] for row in rows])],
            tones=["bad" if row["direction"] == "above" else "low" for row in rows],
            marks=[row["upper"] if row["direction"] == "above" else row["lower"] for row in rows],
            mark="limit of what is usual",
            unit=VULNERABILITIES,
            across="in a day",
        ),
    )


TRENDS = drawn(_trends)
RISK_SCORE = drawn(_risk_score)
RISK_TREND = drawn(_risk_trend)
SEVERITY_HISTORY = drawn(_severity_history)
MTTR = drawn(_mttr)
VELOCITY = drawn(_velocity)
REOPENED = drawn(_reopened)
COHORTS = drawn(_cohorts)
ANOMALIES = drawn(_anomalies)
