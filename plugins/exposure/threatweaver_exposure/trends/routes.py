"""/dashboard: figures over time."""

from typing import Any

from threatweaver.sdk import Context, RouteTable, bare, rows
from threatweaver_exposure import written
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.trends import anomalies as outstanding
from threatweaver_exposure.trends import bands, charts, service
from threatweaver_exposure.trends.schemas import (
    AnomaliesOut,
    ChosenDaysQuery,
    CohortOut,
    CohortsQuery,
    DaysQuery,
    MttrOut,
    ReopenedOut,
    RiskOut,
    RiskTrendOut,
    SeveritiesOut,
    TrendOut,
    TrendsQuery,
    VelocityOut,
)

table = RouteTable(path="/dashboard", tag="Dashboard", depends=written.state)


@table.route(
    "GET",
    "/trends",
    permission=Perm.DASHBOARD_READ,
    query=TrendsQuery,
    returns=rows(TrendOut),
    rendition=charts.TRENDS,
)
async def trends(ctx: Context) -> list[dict[str, Any]]:
    """Return new, remediated, reopened and persisting vulnerabilities a day, week or month.

    `persisting` are active at the end and were known before the beginning; `active` are all that are active
    at the end. The last `days` until today or `asOf` count; weeks begin on Monday.
    """
    return await service.trends(ctx.query)


@table.route(
    "GET",
    "/risk-score",
    permission=Perm.DASHBOARD_READ,
    query=DaysQuery,
    returns=bare(RiskOut),
    rendition=charts.RISK_SCORE,
)
async def risk_score(ctx: Context) -> dict[str, Any]:
    """Return the risk score, the points that assets of each worst severity add to it, and its course.

    It is the mean over all assets of each one's worst active vulnerability, 0 to 100, as in the key figures.
    `change` is the difference to the day before the period, null if there were no assets then.
    """
    return await service.risk_score(ctx.query)


@table.route(
    "GET",
    "/risk-trend",
    permission=Perm.DASHBOARD_READ,
    query=TrendsQuery,
    returns=bare(RiskTrendOut),
    rendition=charts.RISK_TREND,
)
async def risk_trend(ctx: Context) -> dict[str, Any]:
    """Return the share of active vulnerabilities in each band of the WeaverScore, a day, week or month.

    Scores are those that vulnerabilities had at the end of the part, bands those of the formula that holds.
    `look` of a band lists the last part; with `asOf` the `end` of another, that.
    """
    return await bands.risk_trend(ctx.query)


@table.route(
    "GET",
    "/severity-history",
    permission=Perm.DASHBOARD_READ,
    query=ChosenDaysQuery,
    returns=rows(SeveritiesOut),
    rendition=charts.SEVERITY_HISTORY,
)
async def severity_history(ctx: Context) -> list[dict[str, Any]]:
    """Return active vulnerabilities by severity at the end of each day."""
    return await service.severity_history(ctx.query)


@table.route(
    "GET",
    "/mttr",
    permission=Perm.DASHBOARD_READ,
    query=ChosenDaysQuery,
    returns=bare(MttrOut),
    rendition=charts.MTTR,
)
async def mttr(ctx: Context) -> dict[str, Any]:
    """Return mean and median days from creation to closing, of what was closed in the period.

    A vulnerability counts once, by its last closing in the period and the severity it had then.
    """
    return await service.mttr(ctx.query)


@table.route(
    "GET",
    "/remediation-velocity",
    permission=Perm.DASHBOARD_READ,
    query=ChosenDaysQuery,
    returns=bare(VelocityOut),
    rendition=charts.VELOCITY,
)
async def remediation_velocity(ctx: Context) -> dict[str, Any]:
    """Return how many vulnerabilities were closed and created a week, and how long the rest will take.

    `net` is closed minus created: above zero, more goes than comes. `weeksOfWork` is what is active over what
    is closed a week, null when nothing was closed.
    """
    return await service.velocity(ctx.query)


@table.route(
    "GET",
    "/reopened",
    permission=Perm.DASHBOARD_READ,
    query=ChosenDaysQuery,
    returns=bare(ReopenedOut),
    rendition=charts.REOPENED,
)
async def reopened(ctx: Context) -> dict[str, Any]:
    """Return how many of the vulnerabilities that were closed in the period came back in it.

    `meanDays` is the time between the closing and the return. An acceptance that ends is no return.
    """
    return await service.reopened(ctx.query)


@table.route(
    "GET",
    "/cohorts",
    permission=Perm.DASHBOARD_READ,
    query=CohortsQuery,
    returns=rows(CohortOut),
    rendition=charts.COHORTS,
)
async def cohorts(ctx: Context) -> list[dict[str, Any]]:
    """Return how many vulnerabilities each month brought, and the share active 7, 30, 60 and 90 days later.

    Each vulnerability's own days count, from its creation to the end of the day; null where they have not
    passed for all of the month. `severity` is that at creation.
    """
    return await service.cohorts(ctx.query)


@table.route(
    "GET",
    "/anomalies",
    permission=Perm.DASHBOARD_READ,
    query=ChosenDaysQuery,
    returns=bare(AnomaliesOut),
    rendition=charts.ANOMALIES,
)
async def anomalies(ctx: Context) -> dict[str, Any]:
    """Return the days with unusually many or few new or closed vulnerabilities, the latest first.

    Usual is the median of the 28 days before, give or take 3 times 1.4826 times their median absolute
    deviation. `judgedFrom` is the first day with so much history before it, null if there is none.
    """
    return await outstanding.anomalies(ctx.query)
