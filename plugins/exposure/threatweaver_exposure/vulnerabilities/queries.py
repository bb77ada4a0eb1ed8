"""Reads of vulnerabilities: one declared listing gives lists, counts and statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
from marshmallow import ValidationError, fields, validate

from threatweaver.sdk import CommaSeparated, Listing, SearchText, Where, any_of, connection
from threatweaver_exposure.assets.queries import WITHIN
from threatweaver_exposure.history.queries import AS_IT_WAS, ASSETS_AS_THEY_WERE, LAST_UNTIL, STATE_NAME
from threatweaver_exposure.history.schemas import PastDay
from threatweaver_exposure.risk.formula import CRITICALITIES, EXPOSURES
from threatweaver_exposure.severity import SeverityField, sql_name
from threatweaver_exposure.vulnerabilities.models import State

CVE = validate.Regexp(r"(?i)\ACVE-\d{4}-\d{4,19}\Z", error="Must look like CVE-2024-12345.")
_ACTIVE = [State.OPEN.value, State.REOPENED.value]
_EVERY = [state.value for state in State]


class _States(CommaSeparated):
    """States, or `all`."""

    alone = ("all",)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        return _EVERY if str(value).lower() == "all" else super()._deserialize(value, attr, data, **options)


class _StateField(fields.Field[int]):
    choices = tuple(state.name.lower() for state in State)

    def _deserialize(self, value: object, attr: str | None, data: object, **_: object) -> int:
        try:
            return State[str(value).upper()].value
        except KeyError:
            names = ", ".join(state.name.lower() for state in State)
            raise ValidationError(f"Must be one of: {names}, or all.") from None


class CveField(fields.String):
    """A CVE id, in upper case."""

    sample = "CVE-2024-12345"

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=CVE, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return str(super()._deserialize(value, attr, data, **options)).upper()


ROW = {
    "id": "v.id",
    "assetId": "v.asset_id",
    "assetName": "a.name",
    "assetIp": "a.ip",
    "source": "d.source",
    "check": "coalesce(d.check_id, d.plugin_id::text)",
    "pluginId": "d.plugin_id",
    "name": "d.name",
    "family": "d.family",
    "severity": sql_name("v.severity"),
    "state": STATE_NAME.format(state="v.state"),
    "riskScore": "v.risk_score",
    "port": "v.port",
    "protocol": "v.protocol",
    "location": "v.location",
    "cves": "d.cves",
    "firstSeen": "v.first_seen",
    "lastSeen": "v.last_seen",
    "unobservedSince": "v.unobserved_since",
}
_JOINED = """ v
    JOIN exposure_definition d ON d.id = v.definition_id
    JOIN {assets} a ON a.id = v.asset_id"""
_SOURCE = "exposure_vulnerability" + _JOINED.format(assets="exposure_asset")

# Dates are whole days in UTC, both ends included, and mean the first sighting.
FIRST_SEEN = (
    Where("start_date", fields.Date(), "v.first_seen >= {}::date::timestamp AT TIME ZONE 'UTC'"),
    Where("end_date", fields.Date(), "v.first_seen < ({}::date + 1)::timestamp AT TIME ZONE 'UTC'"),
)
SEVERITY = any_of("severity", SeverityField(), column="v.severity")
TAG = Where(
    "tag",
    fields.String(validate=validate.Length(1, 100)),
    """v.asset_id IN (SELECT t.asset_id FROM exposure_asset_tag t JOIN exposure_tag n ON n.id = t.tag_id
                      WHERE lower(n.name) = lower({}))""",
)
ASSET_GROUP = Where(
    "asset_group",
    fields.UUID(),
    "v.asset_id IN (SELECT asset_id FROM exposure_asset_group_member WHERE group_id = {})",
)


def _states(query: Mapping[str, Any]) -> str:
    """Return the condition on states as constants, so that the partial index of active rows serves it."""
    wanted = sorted(set(query.get("state") or _ACTIVE))
    if wanted == _EVERY:
        return "true"
    return "v.state <= 1" if wanted == _ACTIVE else f"v.state IN ({', '.join(map(str, wanted))})"


async def _from_rollup(query: Mapping[str, Any]) -> int | None:
    """Return the count from the rollup when only severity, state and dates are asked for."""
    known = {"severity", "state", "start_date", "end_date", "as_of"}
    if set(query) - known - {"page", "limit", "cursor", "sort", "saved_filter"}:
        return None
    return sum(await rollup_by_severity(query, query.get("state") or _ACTIVE))


LISTING = Listing(
    source=_SOURCE,
    columns=ROW,
    id="v.id",
    within=WITHIN.format(asset="v.asset_id", ids="{}"),
    where=(
        SEVERITY,
        Where(
            "cve",
            CveField(),
            "v.definition_id IN (SELECT definition_id FROM exposure_definition_cve WHERE cve = {})",
        ),
        Where("plugin_id", fields.Integer(validate=validate.Range(0, 2**62)), "d.plugin_id = {}"),
        Where("asset_id", fields.UUID(), "v.asset_id = {}"),
        TAG,
        ASSET_GROUP,
        any_of("criticality", fields.Integer(validate=validate.OneOf(CRITICALITIES)), column="a.criticality"),
        any_of("exposure", fields.String(validate=validate.OneOf(EXPOSURES)), column="a.exposure"),
        Where("risk_from", fields.Integer(validate=validate.Range(0, 100)), "v.risk_score >= {}"),
        Where("risk_to", fields.Integer(validate=validate.Range(0, 100)), "v.risk_score <= {}"),
        *FIRST_SEEN,
        Where(
            "search",
            SearchText(),
            """(v.definition_id IN (SELECT id FROM exposure_definition WHERE name ILIKE {}
                                    UNION SELECT definition_id FROM exposure_definition_cve
                                          WHERE cve ILIKE {})
                OR v.asset_id IN (SELECT asset_id FROM exposure_asset_identifier WHERE value ILIKE {}))""",
        ),
        Where("unobserved", fields.Boolean(), "(v.unobserved_since IS NOT NULL) = {}"),
        Where("state", _States(_StateField()), "true"),
        Where("as_of", PastDay(), "true"),
    ),
    sort={
        "riskScore": "v.risk_score",
        "severity": "v.severity",
        "firstSeen": "v.first_seen",
        "lastSeen": "v.last_seen",
    },
    default_sort="-riskScore",
    narrow=_states,
    total=_from_rollup,
)


AS_OF = replace(
    LISTING,
    source=AS_IT_WAS + _JOINED.format(assets=ASSETS_AS_THEY_WERE),
    where=(*LISTING.where[:-1], Where("as_of", PastDay(), LAST_UNTIL)),
)


async def detail(vulnerability_id: UUID, within: list[UUID] | None) -> asyncpg.Record | None:
    """Return everything about one vulnerability, its evidence and acceptance included.

    None, too, when its asset is in none of the groups and tags `within`; None there means all assets.
    """
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in ROW.items())
    return await connection().fetchrow(
        f"""
        SELECT {columns}, v.fixed_at AS "fixedAt", d.synopsis, d.description, d.solution,
               d.see_also AS "seeAlso", ARRAY(SELECT 'CWE-' || c FROM unnest(d.cwes) c) AS cwes,
               d."references", d.cvss2_score AS "cvss2Score", d.cvss2_vector AS "cvss2Vector",
               d.cvss3_score AS "cvss3Score", d.cvss3_vector AS "cvss3Vector",
               d.cvss4_score AS "cvss4Score", d.cvss4_vector AS "cvss4Vector",
               d.vpr_score AS "vprScore", d.epss_score AS "epssScore",
               d.exploit_available AS "exploitAvailable", d.kev, d.published_on AS "publishedOn",
               d.patch_published_on AS "patchPublishedOn", e.service, e.output,
               x.reason, x.until, x.accepted_by, x.accepted_at
        FROM {_SOURCE}
        LEFT JOIN exposure_evidence e ON e.vulnerability_id = v.id
        LEFT JOIN exposure_acceptance x ON x.vulnerability_id = v.id AND v.state = 2
        WHERE v.id = $1 AND ($2::uuid[] IS NULL OR {WITHIN.format(asset="v.asset_id", ids="$2")})
        """,
        vulnerability_id,
        within,
    )


def listing(query: Mapping[str, Any]) -> Listing:
    """Return the list of now, or that of a past day if one is asked for."""
    return LISTING if query.get("as_of") is None else AS_OF


async def names() -> dict[str, dict[str, str]]:
    """Return the names of tags and groups in lower case, with what the list's parameters take for each."""
    rows = await connection().fetch(
        """SELECT 'tags' AS kind, name, name AS value FROM exposure_tag
           UNION ALL SELECT 'groups', name, id::text FROM exposure_asset_group LIMIT 10000"""
    )
    found: dict[str, dict[str, str]] = {"tags": {}, "groups": {}}
    for row in rows:
        found[row["kind"]][row["name"].lower()] = row["value"]
    return found


async def stats(query: Mapping[str, Any]) -> asyncpg.Record:
    """Return counts over everything a filter matches, in one statement."""
    chosen = listing(query)
    where, values = chosen.conditions(query)
    severities = ", ".join(
        f"count(*) FILTER (WHERE v.severity = {number}) AS {name}"
        for number, name in enumerate(("info", "low", "medium", "high", "critical"))
    )
    states = ", ".join(
        f"count(*) FILTER (WHERE v.state = {state.value}) AS {state.name.lower()}" for state in State
    )
    row = await connection().fetchrow(
        f"""SELECT count(*) AS total, count(DISTINCT v.asset_id) AS assets,
                   count(DISTINCT v.definition_id) AS definitions, {severities}, {states}
            FROM {chosen.source} WHERE {where}""",
        *values,
    )
    if row is None:
        raise LookupError
    return row


async def rollup_by_severity(query: Mapping[str, Any], states: Sequence[int] = _ACTIVE) -> list[int]:
    """Return the number of vulnerabilities by severity, INFO first, from the rollup of now or of a day."""
    as_of = query.get("as_of")
    rows = await connection().fetch(
        f"""SELECT severity, sum(total)::bigint AS total
           FROM {"exposure_rollup" if as_of is None else "exposure_day_rollup"}
           WHERE state = ANY($1) AND ($2::smallint[] IS NULL OR severity = ANY($2))
             AND ($3::date IS NULL OR first_seen_on >= $3) AND ($4::date IS NULL OR first_seen_on <= $4)
             AND {"$5::date IS NULL" if as_of is None else "day <= $5"} GROUP BY severity""",
        states,
        query.get("severity"),
        query.get("start_date"),
        query.get("end_date"),
        as_of,
    )
    counts = [0, 0, 0, 0, 0]
    for row in rows:
        counts[row["severity"]] = row["total"]
    return counts
