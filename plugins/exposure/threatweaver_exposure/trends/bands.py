"""Active vulnerabilities by band of the WeaverScore, over time; history keeps the scores of each day."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from threatweaver_exposure.dashboard.looks import look
from threatweaver_exposure.risk import queries as risk
from threatweaver_exposure.risk.formula import limits
from threatweaver_exposure.trends import periods, queries


async def risk_trend(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return counts and shares of each band at the end of each part; bands are those of today's formula."""
    period = periods.last_days(query, query["interval"])
    version, formula = await risk.current()
    bounds = limits(formula)
    names = list(bounds)  # the worst first, as the bands of the database are numbered backwards
    least = [bounds[name][0] for name in reversed(names[:-1])]
    rows = await queries.bands(period, query.get("severity"), least)
    counts: Counter[str] = Counter()
    points = []
    for part, (start, end) in enumerate([(None, None), *period.parts()]):
        counts.update({names[-1 - row["band"]]: row["total"] for row in rows if row["part"] == part})
        if start is not None:
            points.append({"start": start, "end": end, **_shares(counts, names)})
    return {
        "version": version,
        "bands": [
            {
                "band": name.upper(),
                "look": look("/vulnerabilities", query, asOf=period.end, riskFrom=first, riskTo=last),
            }
            for name, (first, last) in bounds.items()
        ],
        "data": points,
    }


def _shares(counts: Counter[str], names: list[str]) -> dict[str, Any]:
    active = counts.total()
    return {
        "active": active,
        "counts": {name: counts[name] for name in names},
        "percent": {name: round(100 * counts[name] / active, 1) if active else None for name in names},
    }
