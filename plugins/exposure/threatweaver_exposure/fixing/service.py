"""What fixing would bring, in the shape that is answered. No request, no schema, no status code."""

from collections.abc import Mapping
from typing import Any

from threatweaver_exposure.assets import queries as assets
from threatweaver_exposure.dashboard.looks import look
from threatweaver_exposure.dashboard.queries import figures
from threatweaver_exposure.fixing import queries

_PARAMETERS = {"definition": "definitionId", "asset": "assetId"}
_LONGEST = 1000


async def top_risks(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return who has the most of the summed risk scores of what is active, and which share."""
    everything, *rows = await queries.top_risks(query)
    parameter = _PARAMETERS[query["by"]]
    return {
        "by": query["by"],
        "active": everything["active"],
        "risk": everything["risk"],
        "data": [
            {
                **row,
                "percent": round(100 * row["risk"] / everything["risk"], 1),
                "look": look("/vulnerabilities", query, **{parameter: row["id"]}),
            }
            for row in rows
        ],
    }


async def patch_effect(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definitions whose fixing lowers the risk score of the chosen assets most, and to what."""
    found = await figures(assets.choosing(query))
    return {
        "assets": found.assets,
        "riskScore": round(found.risk_score, 1),
        "data": [_patch(row, found.assets, found.risk_score, query) for row in await queries.patches(query)],
    }


def _patch(row: Mapping[str, Any], assets: int, score: float, query: Mapping[str, Any]) -> dict[str, Any]:
    less = row["lowers"] / assets
    return {
        "definitionId": row["definition_id"],
        **{name: row[name] for name in ("source", "check", "name", "kev", "closes", "assets")},
        "solution": row["solution"][:_LONGEST],
        "riskScoreAfter": round(score - less, 2),
        "lowersBy": round(less, 2),
        "look": look("/vulnerabilities", query, definitionId=row["definition_id"]),
    }
