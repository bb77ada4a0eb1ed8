"""Why two sightings are one vulnerability, and what else might have been the same."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from threatweaver.sdk import connection, severity_name
from threatweaver_exposure.assets.queries import WITHIN
from threatweaver_exposure.flaws import keys
from threatweaver_exposure.flaws import queries as flaws
from threatweaver_exposure.history.queries import STATE_NAME

RECIPE = 1
"""The version of the recipe: these fields are equal in all sightings of one vulnerability, and in no two."""

FLAW_RECIPE = 2

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

    Those of the same check at another place, those that share a CVE, and those that the active recipe joins
    with it (`joined`). `flaw` is what recipe 2 knows this one by, and a candidate of the same flaw would be
    one with it. None when the caller may not see it (`within`: groups and tags, None for all).
    """
    values = ", ".join(f'{sql} AS "{name}"' for name, sql in _FIELDS.items())
    rows = await connection().fetch(
        f"""
        WITH this AS (
            SELECT v.id, v.asset_id, v.definition_id, v.flaw, d.cves
            FROM exposure_vulnerability v JOIN exposure_definition d ON d.id = v.definition_id
            WHERE v.id = $1 AND ($2::uuid[] IS NULL OR {WITHIN.format(asset="v.asset_id", ids="$2")})
        )
        SELECT v.id, v.definition_id, v.id = t.id AS itself, v.definition_id = t.definition_id AS same_check,
               d.name,
               {severity_name("v.severity")} AS severity, {STATE_NAME.format(state="v.state")} AS state,
               ARRAY(SELECT unnest(t.cves) INTERSECT SELECT unnest(d.cves) ORDER BY 1) AS cves, {values},
               {keys.TOLD}, coalesce(v.flaw = t.flaw AND v.id <> t.id, false) AS joined,
               EXISTS (SELECT 1 FROM exposure_flaw_apart p WHERE p.vulnerability_id = v.id) AS apart
        FROM this t JOIN exposure_vulnerability v ON v.asset_id = t.asset_id
        JOIN exposure_definition d ON d.id = v.definition_id
        LEFT JOIN exposure_evidence e ON e.vulnerability_id = v.id
        WHERE v.id = t.id OR v.definition_id = t.definition_id OR d.cves && t.cves OR v.flaw = t.flaw
        ORDER BY v.id <> t.id, joined DESC, v.definition_id <> t.definition_id, v.id LIMIT {_MOST + 1}
        """,
        vulnerability_id,
        within,
    )
    if not rows:
        return None
    itself, *others = rows
    published = await flaws.published(sorted({row["definition_id"] for row in rows}))
    classes = keys.aliases(({**row, "cves": row["all_cves"]} for row in rows), published)
    flaw = keys.identity_of(itself, FLAW_RECIPE, classes)
    return {
        "recipe": RECIPE,
        "apart": itself["apart"],
        "fields": [{"name": name, "value": itself[name]} for name in _FIELDS],
        "flaw": {
            "recipe": flaw.recipe,
            "kind": flaw.kind,
            "fields": [{"name": name, "value": value} for name, value in flaw.fields],
        },
        "candidates": [
            _candidate(itself, row, same_flaw=keys.identity_of(row, FLAW_RECIPE, classes) == flaw)
            for row in others
        ],
    }


def _candidate(itself: Mapping[str, Any], other: Mapping[str, Any], *, same_flaw: bool) -> dict[str, Any]:
    return {
        "id": other["id"],
        "name": other["name"],
        "severity": other["severity"],
        "state": other["state"],
        "shares": "check" if other["same_check"] else "cve" if other["cves"] else "flaw",
        "cves": other["cves"],
        "sameFlaw": same_flaw,
        "joined": other["joined"],
        "differs": [{"name": name, "value": other[name]} for name in _FIELDS if other[name] != itself[name]],
    }
