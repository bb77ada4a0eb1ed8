"""What became urgent within days. No request, no schema, no status code."""

from collections.abc import Mapping
from typing import Any

from threatweaver.sdk import SEVERITIES
from threatweaver_exposure.dashboard.looks import look
from threatweaver_exposure.trends import periods
from threatweaver_exposure.urgency import queries

REASONS: Mapping[str, tuple[str, str]] = {
    "critical": ("critical_since", "criticalSince"),
    "kev": ("kev_since", "kevSince"),
}
"""The filter of the list that says it, and its parameter."""


async def newly_critical(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return for each reason how many active vulnerabilities it made urgent, and how many of them are new."""
    since = periods.last_days(query).first
    rows = []
    for reason, (name, parameter) in REASONS.items():
        row = await queries.counts({**query, name: since}, since)
        rows.append(
            {
                "reason": reason,
                "active": row["active"],
                "bySeverity": {tier.lower(): row[tier.lower()] for tier in reversed(SEVERITIES)},
                "assets": row["assets"],
                "new": row["new"],
                "knownBefore": row["active"] - row["new"],
                "look": look("/vulnerabilities", query, **{parameter: since}),
            }
        )
    return {"since": since, "data": rows}
