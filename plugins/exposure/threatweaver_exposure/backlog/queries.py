"""Reads of what is open now: by age, known exploited, accepted, by source, and who was looked at."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import asyncpg
from marshmallow import fields

from threatweaver.sdk import SEVERITIES, Listing, Where, connection
from threatweaver_exposure.assets import queries as assets
from threatweaver_exposure.intelligence.effective import KEV
from threatweaver_exposure.vulnerabilities.filters import ASSET_GROUP, FIRST_SEEN, SEVERITY, TAG

AGE_BANDS = ((0, 7), (8, 30), (31, 90), (91, 180), (181, None))
"""The first and last day of each band of ages."""
SCAN_BANDS = ((0, 7), (8, 30), (31, 90), (91, None))
"""The same for the time since an asset was last scanned."""
NO_WORST = -1

ACTIVE = Listing(
    source="exposure_vulnerability v",
    columns={"id": "v.id"},
    id="v.id",
    where=(SEVERITY, TAG, ASSET_GROUP, *FIRST_SEEN),
    sort={"riskScore": "v.risk_score"},
    default_sort="-riskScore",
    always="v.state <= 1",
)
"""The active vulnerabilities under the filters of these figures; /vulnerabilities lists the same."""
_ROLLUP = Listing(
    source="exposure_rollup v",
    columns={"id": "v.id"},
    id="v.id",
    where=(
        SEVERITY,
        Where("start_date", fields.Date(), "v.first_seen_on >= {}"),
        Where("end_date", fields.Date(), "v.first_seen_on <= {}"),
        Where("as_of", fields.Date(), "v.day <= {}"),
    ),
    sort={"firstSeenOn": "v.first_seen_on"},
    default_sort="firstSeenOn",
    always=ACTIVE.always,
)
_SCANNED = replace(
    assets.LISTING,
    where=(
        *assets.LISTING.where,
        Where("start_date", fields.Date(), "a.last_seen >= {}::date::timestamp AT TIME ZONE 'UTC'"),
        Where("end_date", fields.Date(), "a.last_seen < ({}::date + 1)::timestamp AT TIME ZONE 'UTC'"),
    ),
)
_DAY_ROLLUP = replace(_ROLLUP, source="exposure_day_rollup v")

COUNTS = "count(*) AS active, " + ", ".join(
    f"count(*) FILTER (WHERE v.severity = {number}) AS {name.lower()}"
    for number, name in enumerate(SEVERITIES)
)

KEPT_COUNTS = "sum(v.total)::bigint AS active, " + ", ".join(
    f"coalesce(sum(v.total) FILTER (WHERE v.severity = {number}), 0)::bigint AS {name.lower()}"
    for number, name in enumerate(SEVERITIES)
)
"""COUNTS of a rollup."""
CHOOSING = {"tag", "asset_group", "start_date", "end_date"}
"""Filters that the rollup of definitions does not know."""


def beside(listing: Listing, query: Mapping[str, Any], values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the conditions of a list for a statement that has values already, and all of these."""
    where, more = listing.conditions(query)
    return re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + len(values)}", where), [*values, *more]


def _band(days: str, bands: Sequence[tuple[int, int | None]]) -> str:
    """Return SQL for the number of the band that an age in days is in; what is of tomorrow is of today."""
    starts = ", ".join(str(first) for first, _ in bands[1:])
    return f"width_bucket({days}, ARRAY[{starts}])"


def by_day(query: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return SQL for what is active (severity, first_seen_on, total), of now or of a day, and its values.

    It is the rollup, unless assets are chosen. Filters are those of ACTIVE; of a past day severity and dates.
    """
    if "tag" in query or "asset_group" in query:
        where, values = ACTIVE.conditions(query)
        return (
            f"""(SELECT v.severity, (v.first_seen AT TIME ZONE 'UTC')::date AS first_seen_on,
                        count(*) AS total FROM {ACTIVE.source} WHERE {where} GROUP BY 1, 2)""",
            values,
        )
    rollup = _ROLLUP if query.get("as_of") is None else _DAY_ROLLUP
    where, values = rollup.conditions(query)
    return f"(SELECT v.severity, v.first_seen_on, v.total FROM {rollup.source} WHERE {where})", values


async def ages(query: Mapping[str, Any], today: date) -> Sequence[asyncpg.Record]:
    """Return active vulnerabilities by band of age and severity."""
    counted, values = by_day(query)
    age = f"${len(values) + 1}::date - r.first_seen_on"
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT {_band(age, AGE_BANDS)} AS band, r.severity, sum(r.total)::bigint AS total
            FROM {counted} r GROUP BY 1, 2""",
        *values,
        today,
    )
    return rows


async def assets_by_scan(today: date, query: Mapping[str, Any]) -> Sequence[asyncpg.Record]:
    """Return assets by worst severity, NO_WORST for none, and band of days since the last scan.

    Of the filters severity is the worst one of an asset, and dates are those of the last scan.
    """
    where, values = _SCANNED.conditions(query)
    since = f"${len(values) + 1}::date - (a.last_seen AT TIME ZONE 'UTC')::date"
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT a.worst_severity AS severity, {_band(since, SCAN_BANDS)} AS band, count(*) AS total
            FROM {_SCANNED.source} WHERE {where} GROUP BY 1, 2""",
        *values,
        today,
    )
    return rows


async def known_exploited(query: Mapping[str, Any]) -> asyncpg.Record:
    """Return counts of the active vulnerabilities known to be exploited, as `kev` of the list says."""
    where, values = ACTIVE.conditions(query)
    return await _one(
        f"""SELECT {COUNTS}, count(DISTINCT v.asset_id) AS assets,
                   count(DISTINCT v.definition_id) AS definitions
            FROM {ACTIVE.source}
            WHERE {where} AND v.definition_id = ANY(ARRAY(  -- they are few, which a condition does not tell
                SELECT d.id FROM exposure_definition d WHERE coalesce({KEV}, false)))""",
        *values,
    )


async def coverage(today: date, query: Mapping[str, Any]) -> asyncpg.Record:
    """Return how many assets were seen, and with a login, within days, and what is not observed any more.

    Tag and group choose assets; severity and dates choose what is not observed.
    """
    where, values = assets.LISTING.conditions(assets.choosing(query))
    listed, values = beside(ACTIVE, query, values)
    day = f"${len(values) + 1}::date"

    def within(column: str, days: int) -> str:
        return f"count(*) FILTER (WHERE ({column} AT TIME ZONE 'UTC')::date >= {day} - {days})"

    return await _one(
        f"""WITH chosen AS (SELECT a.id, a.last_seen, a.last_authenticated_scan
                            FROM {assets.LISTING.source} WHERE {where})
            SELECT count(*) AS assets, {within("last_seen", 7)} AS "seenWithin7Days",
                   {within("last_seen", 30)} AS "seenWithin30Days",
                   {within("last_seen", 90)} AS "seenWithin90Days",
                   {within("last_authenticated_scan", 30)} AS "authenticatedWithin30Days",
                   count(*) FILTER (WHERE last_authenticated_scan IS NULL) AS "neverAuthenticated",
                   (SELECT count(*) FROM {ACTIVE.source}
                    WHERE {listed} AND v.unobserved_since IS NOT NULL) AS "unobservedVulnerabilities"
            FROM chosen""",
        *values,
        today,
    )


async def acceptances(today: date) -> Sequence[asyncpg.Record]:
    """Return the accepted vulnerabilities by severity and by when their acceptance runs out."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        """SELECT severity, count(*) AS accepted, count(*) FILTER (WHERE ahead <= 30) AS soon,
                  count(*) FILTER (WHERE ahead BETWEEN 31 AND 90) AS next,
                  count(*) FILTER (WHERE ahead > 90) AS later
           FROM (SELECT v.severity, (x.until AT TIME ZONE 'UTC')::date - $1::date AS ahead
                 FROM exposure_acceptance x JOIN exposure_vulnerability v ON v.id = x.vulnerability_id
                 WHERE v.state = 2) a GROUP BY severity""",
        today,
    )
    return rows


async def sources() -> Sequence[asyncpg.Record]:
    """Return what the reports of each format found that is active, and when the last one came in."""
    sums = ", ".join(f"sum({name.lower()})::bigint AS {name.lower()}" for name in SEVERITIES)
    kept = ", ".join(f"coalesce({name.lower()}, 0) AS {name.lower()}" for name in SEVERITIES)
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""WITH by_asset AS (
                SELECT d.source, v.asset_id, {COUNTS}
                FROM exposure_vulnerability v JOIN exposure_definition d ON d.id = v.definition_id
                WHERE v.state <= 1 GROUP BY 1, 2
            ), found AS (
                SELECT source, count(*) AS assets, sum(active)::bigint AS active, {sums}
                FROM by_asset GROUP BY 1
            ), taken AS (
                SELECT format AS source, max(finished_at) AS last_import FROM exposure_import
                WHERE NOT dry_run GROUP BY 1 HAVING max(finished_at) IS NOT NULL
            )
            SELECT source, coalesce(assets, 0) AS assets, coalesce(active, 0) AS active, {kept},
                   last_import AS "lastImport"
            FROM found FULL JOIN taken USING (source) ORDER BY active DESC, source"""
    )
    return rows


async def _one(sql: str, *values: Any) -> asyncpg.Record:
    row = await connection().fetchrow(sql, *values)
    if row is None:
        raise LookupError
    return row
