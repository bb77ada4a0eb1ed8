"""Reads of asset groups and tags side by side: each kind of figure for all of them in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.assets import queries as assets
from threatweaver_exposure.backlog.queries import ACTIVE, COUNTS, beside
from threatweaver_exposure.sla.queries import BREACHED, LIMITS
from threatweaver_exposure.trends.periods import Period
from threatweaver_exposure.trends.queries import CLOSINGS

Rows = Sequence[asyncpg.Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What assets are put together by: its table, who is in it (id, asset_id), and its filter on lists."""

    table: str
    members: str
    filter: str
    parameter: str
    value: str


# Tags whose names differ in case alone are one, as they are to the lists.
_TAGS = "(SELECT DISTINCT ON (lower(name)) id, name FROM exposure_tag ORDER BY lower(name), id)"
KINDS: Mapping[str, Kind] = {
    "group": Kind(
        table="exposure_asset_group",
        members="(SELECT group_id AS id, asset_id FROM exposure_asset_group_member)",
        filter="asset_group",
        parameter="assetGroup",
        value="id",
    ),
    "tag": Kind(
        table=_TAGS,
        members=f"""(SELECT DISTINCT c.id, t.asset_id FROM {_TAGS} c
            JOIN exposure_tag n ON lower(n.name) = lower(c.name)
            JOIN exposure_asset_tag t ON t.tag_id = n.id)""",
        filter="tag",
        parameter="tag",
        value="name",
    ),
}
_OF_ANY_STATE = replace(ACTIVE, always="true")


async def compared(kind: Kind, query: Mapping[str, Any]) -> Rows:
    """Return the groups or tags with the highest mean of their assets' risk scores, and how many assets."""
    where, values = assets.LISTING.conditions(assets.choosing(query))
    rows: Rows = await connection().fetch(
        f"""SELECT g.id, g.name, count(a.id) AS assets, coalesce(avg(a.risk_score), 0)::float8 AS risk
            FROM {kind.table} g LEFT JOIN ({kind.members} m
                 JOIN {assets.LISTING.source} ON a.id = m.asset_id AND {where}) ON m.id = g.id
            GROUP BY g.id, g.name ORDER BY risk DESC, assets DESC, g.name, g.id LIMIT ${len(values) + 1}""",
        *values,
        query["limit"],
    )
    return rows


async def active(
    kind: Kind, ids: Sequence[UUID], query: Mapping[str, Any], days: Sequence[int | None], today: date
) -> Rows:
    """Return of each what is active by severity, and how many of those with allowed days are in breach."""
    where, values = beside(ACTIVE, query, [ids, days, today])
    late = BREACHED.format(first="(v.first_seen AT TIME ZONE 'UTC')::date", day="$3::date")
    rows: Rows = await connection().fetch(
        f"""SELECT m.id, {COUNTS}, count(l.days) AS judged, count(*) FILTER (WHERE {late}) AS breached
            FROM {ACTIVE.source} JOIN {kind.members} m ON m.asset_id = v.asset_id
            JOIN {LIMITS.format("$2")} ON l.place = v.severity + 1
            WHERE m.id = ANY($1::uuid[]) AND {where} GROUP BY m.id""",
        *values,
    )
    return rows


async def closings(kind: Kind, ids: Sequence[UUID], query: Mapping[str, Any], period: Period) -> Rows:
    """Return of each how many vulnerabilities were closed in the period, and the mean days that took.

    A severity is that at the closing.
    """
    known = [list(period.starts), period.end, query.get("severity"), ids]
    rest = {name: value for name, value in query.items() if name != "severity"}
    where, values = beside(_OF_ANY_STATE, rest, known)
    rows: Rows = await connection().fetch(
        f"""SELECT m.id, count(*) AS closed, avg(e.days) AS mean
            FROM ({CLOSINGS}) e JOIN {_OF_ANY_STATE.source} ON v.id = e.vulnerability_id
            JOIN {kind.members} m ON m.asset_id = v.asset_id
            WHERE ($3::smallint[] IS NULL OR e.severity = ANY($3)) AND m.id = ANY($4::uuid[]) AND {where}
            GROUP BY m.id""",
        *values,
    )
    return rows
