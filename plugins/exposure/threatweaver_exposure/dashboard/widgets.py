"""Widgets of exposure: the key figures, each for itself."""

from collections.abc import Awaitable, Callable

from threatweaver.sdk import SEVERITIES, BarsData, DashboardFilters, DashboardWidget, NumberData, WidgetKind
from threatweaver_exposure.dashboard import queries
from threatweaver_exposure.dashboard.queries import Figures
from threatweaver_exposure.permissions import Perm


async def _figures(filters: DashboardFilters) -> Figures:
    given = {
        "start_date": filters.start_date,
        "end_date": filters.end_date,
        "asset_group": filters.asset_group,
        "severity": None if filters.severity is None else list(filters.severity),
        "tag": filters.tag,
    }
    return await queries.figures({name: value for name, value in given.items() if value is not None})


def _number(figure: Callable[[Figures], float]) -> Callable[[DashboardFilters], Awaitable[NumberData]]:
    async def produce(filters: DashboardFilters) -> NumberData:
        return NumberData(value=figure(await _figures(filters)))

    return produce


async def _by_severity(filters: DashboardFilters) -> BarsData:
    counts = (await _figures(filters)).by_severity
    return BarsData(bars=tuple(reversed(list(zip(SEVERITIES, counts, strict=True)))))


WIDGETS = (
    DashboardWidget(
        name="exposure.total_assets",
        title="Assets",
        kind=WidgetKind.NUMBER,
        permission=Perm.DASHBOARD_READ,
        produce=_number(lambda found: found.assets),
        filters=("asset_group", "tag"),
    ),
    DashboardWidget(
        name="exposure.open_vulnerabilities",
        title="Open vulnerabilities",
        kind=WidgetKind.NUMBER,
        permission=Perm.DASHBOARD_READ,
        produce=_number(lambda found: sum(found.by_severity)),
        filters=("start_date", "end_date", "asset_group", "severity", "tag"),
    ),
    DashboardWidget(
        name="exposure.risk_score",
        title="Risk score",
        kind=WidgetKind.NUMBER,
        permission=Perm.DASHBOARD_READ,
        produce=_number(lambda found: round(found.risk_score, 1)),
        filters=("asset_group", "tag"),
    ),
    DashboardWidget(
        name="exposure.severity_breakdown",
        title="Open vulnerabilities by severity",
        kind=WidgetKind.BARS,
        permission=Perm.DASHBOARD_READ,
        produce=_by_severity,
        filters=("start_date", "end_date", "asset_group", "severity", "tag"),
    ),
)
