"""Why two sightings are one vulnerability, and what else might have been the same."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.sdk import connection
from threatweaver_exposure.assets.queries import WITHIN
from threatweaver_exposure.engine.recipes import Identity, Seen
from threatweaver_exposure.engine.recipes import identity as flaw_of
from threatweaver_exposure.history.queries import STATE_NAME
from threatweaver_exposure.severity import sql_name

RECIPE = 1
"""The version of the recipe: these fields are equal in all sightings of one vulnerability, and in no two."""

_FIELDS = {
    "asset": "v.asset_id::text",
    "source": "d.source",
    "check": "coalesce(d.check_id, d.plugin_id::text)",
    "port": "v.port::text",
    "protocol": "v.protocol",
    "location": "v.location",
}
_MOST = 50


async def explain(vulnerability_id: UUID, within: list[UUID] | None) -> dict[str, Any] | None:
    """Return the values of the recipe's fields, and other vulnerabilities of the asset that share some.

    Those of the same check at another place, and those that share a CVE. `flaw` is what recipe 2 knows this
    one by, and a candidate of the same flaw would be one with it. None when the caller may not see it
    (`within`: groups and tags, None for all).
    """
    values = ", ".join(f'{sql} AS "{name}"' for name, sql in _FIELDS.items())
    rows = await connection().fetch(
        f"""
        WITH this AS (
            SELECT v.id, v.asset_id, v.definition_id, d.cves
            FROM exposure_vulnerability v JOIN exposure_definition d ON d.id = v.definition_id
            WHERE v.id = $1 AND ($2::uuid[] IS NULL OR {WITHIN.format(asset="v.asset_id", ids="$2")})
        )
        SELECT v.id, v.id = t.id AS itself, v.definition_id = t.definition_id AS same_check, d.name,
               {sql_name("v.severity")} AS severity, {STATE_NAME.format(state="v.state")} AS state,
               ARRAY(SELECT unnest(t.cves) INTERSECT SELECT unnest(d.cves) ORDER BY 1) AS cves, {values},
               d.cves AS all_cves, d.cwes, d."references", split_part(e.output, E'\n', 1) AS first_line
        FROM this t JOIN exposure_vulnerability v ON v.asset_id = t.asset_id
        JOIN exposure_definition d ON d.id = v.definition_id
        LEFT JOIN exposure_evidence e ON e.vulnerability_id = v.id
        WHERE v.id = t.id OR v.definition_id = t.definition_id OR d.cves && t.cves
        ORDER BY v.id <> t.id, v.definition_id <> t.definition_id, v.id LIMIT {_MOST + 1}
        """,
        vulnerability_id,
        within,
    )
    if not rows:
        return None
    itself, *others = rows
    flaw = _flaw(itself)
    return {
        "recipe": RECIPE,
        "fields": [{"name": name, "value": itself[name]} for name in _FIELDS],
        "flaw": {
            "recipe": flaw.recipe,
            "kind": flaw.kind,
            "fields": [{"name": name, "value": value} for name, value in flaw.fields],
        },
        "candidates": [_candidate(itself, row, same_flaw=_flaw(row) == flaw) for row in others],
    }


def _flaw(row: Mapping[str, Any]) -> Identity:
    return flaw_of(
        Seen(
            source=row["source"],
            check=row["check"],
            port=int(row["port"]),
            protocol=row["protocol"],
            location=row["location"],
            cves=tuple(row["all_cves"]),
            cwes=tuple(row["cwes"]),
            references=tuple(row["references"]),
            output=row["first_line"] or "",
        )
    )


def _candidate(itself: Mapping[str, Any], other: Mapping[str, Any], *, same_flaw: bool) -> dict[str, Any]:
    return {
        "id": other["id"],
        "name": other["name"],
        "severity": other["severity"],
        "state": other["state"],
        "shares": "check" if other["same_check"] else "cve",
        "cves": other["cves"],
        "sameFlaw": same_flaw,
        "differs": [{"name": name, "value": other[name]} for name in _FIELDS if other[name] != itself[name]],
    }
