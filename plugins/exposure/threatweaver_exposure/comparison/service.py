"""Groups or tags side by side, in the shape that is answered. No request, no schema, no status code."""

from collections.abc import Mapping
from typing import Any

from threatweaver.sdk import SEVERITIES
from threatweaver_exposure.comparison import queries
from threatweaver_exposure.dashboard.looks import look
from threatweaver_exposure.sla.service import allowed_days
from threatweaver_exposure.trends import periods

_NOTHING = {
    **dict.fromkeys((name.lower() for name in SEVERITIES), 0),
    "active": 0,
    "judged": 0,
    "breached": 0,
}
_NONE_CLOSED = {"closed": 0, "mean": None}


async def compare(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups or tags with the highest risk scores, each with the same figures."""
    kind = queries.KINDS[query["by"]]
    period = periods.last_days(query)
    groups = await queries.compared(kind, query)
    ids = [row["id"] for row in groups]
    active = {
        row["id"]: row for row in await queries.active(kind, ids, query, await allowed_days(), period.end)
    }
    closed = {row["id"]: row for row in await queries.closings(kind, ids, query, period)}
    return {
        "by": query["by"],
        "start": period.first,
        "end": period.end,
        "data": [
            {
                "id": row["id"],
                "name": row["name"],
                "assets": row["assets"],
                "riskScore": round(row["risk"], 1),
                **_standing(active.get(row["id"], _NOTHING)),
                **_closing(closed.get(row["id"], _NONE_CLOSED)),
                "look": look("/vulnerabilities", query, **{kind.parameter: row[kind.value]}),
            }
            for row in groups
        ],
    }


def _standing(row: Mapping[str, Any]) -> dict[str, Any]:
    judged, breached = row["judged"], row["breached"]
    return {
        "active": row["active"],
        "bySeverity": {name.lower(): row[name.lower()] for name in reversed(SEVERITIES)},
        "breached": breached,
        "compliancePercent": round(100 * (judged - breached) / judged, 1) if judged else None,
    }


def _closing(row: Mapping[str, Any]) -> dict[str, Any]:
    mean = row["mean"]
    return {"closed": row["closed"], "meanDays": None if mean is None else round(mean, 2)}
