"""Reads for the dashboard: rollups where they know, the assets' own counts, else the vulnerabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from threatweaver.sdk import SEVERITIES, connection
from threatweaver_exposure.assets import queries as assets
from threatweaver_exposure.vulnerabilities import queries as vulnerabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Assets, the mean of their risk scores, and active vulnerabilities by severity, INFO first."""

    assets: int
    risk_score: float
    by_severity: list[int]


async def figures(query: Mapping[str, Any]) -> Figures:
    """Return the key figures under the dashboard's filters.

    Tag and group choose assets; severity and dates choose vulnerabilities. The same filters on
    /vulnerabilities and /assets list what is counted here. Rollups are by vulnerability, so those that stand
    for their flaw are counted. Raises ValidationFailed for these on a past day.
    """
    if "tag" in query or "asset_group" in query:
        return await _of_chosen_assets(query)
    total, risk = await assets.totals(query.get("as_of"))
    if query.get("once_per_flaw"):
        counts = await _by_severity_counted(query)
    else:
        counts = await vulnerabilities.rollup_by_severity(query)
    return Figures(assets=total, risk_score=risk, by_severity=counts)


async def _of_chosen_assets(query: Mapping[str, Any]) -> Figures:
    where, values = assets.LISTING.conditions(assets.choosing(query))
    row = await connection().fetchrow(
        f"""SELECT count(*) AS assets, coalesce(avg(a.risk_score), 0)::float8 AS risk,
                   coalesce(sum(a.open_info), 0)::bigint AS s0, coalesce(sum(a.open_low), 0)::bigint AS s1,
                   coalesce(sum(a.open_medium), 0)::bigint AS s2, coalesce(sum(a.open_high), 0)::bigint AS s3,
                   coalesce(sum(a.open_critical), 0)::bigint AS s4
            FROM exposure_asset a WHERE {where}""",
        *values,
    )
    if row is None:
        raise LookupError
    counts = [row[f"s{number}"] for number in range(5)]
    if query.get("once_per_flaw") or "start_date" in query or "end_date" in query:
        counts = await _by_severity_counted(query)
    elif "severity" in query:
        counts = [count if number in query["severity"] else 0 for number, count in enumerate(counts)]
    return Figures(assets=row["assets"], risk_score=row["risk"], by_severity=counts)


async def _by_severity_counted(query: Mapping[str, Any]) -> list[int]:
    chosen = await vulnerabilities.quickest(query)
    where, values = chosen.conditions(query)
    rows = await connection().fetch(
        f"SELECT v.severity, count(*) AS total FROM {chosen.source} WHERE {where} GROUP BY 1", *values
    )
    counts = {row["severity"]: row["total"] for row in rows}
    return [counts.get(number, 0) for number in range(len(SEVERITIES))]
