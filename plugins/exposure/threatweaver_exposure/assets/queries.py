"""Reads of assets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from marshmallow import fields, validate

from threatweaver.sdk import (
    Listing,
    Network,
    SearchText,
    SeverityField,
    Where,
    any_of,
    connection,
    either_way,
    search,
    severity_name,
)
from threatweaver_exposure import written
from threatweaver_exposure.risk.formula import CRITICALITIES, EXPOSURES
from threatweaver_exposure.searching import ADDRESSED, IDENTIFIED

COLUMNS = {
    "id": "a.id",
    "name": "a.name",
    "fqdn": "a.fqdn",
    "netbios": "a.netbios",
    "ip": "a.ip",
    "operatingSystem": "a.operating_system",
    "criticality": "a.criticality",
    "exposure": "a.exposure",
    "worstSeverity": severity_name("a.worst_severity"),
    "riskScore": "a.risk_score",
    "critical": "a.open_critical",
    "high": "a.open_high",
    "medium": "a.open_medium",
    "low": "a.open_low",
    "info": "a.open_info",
    "tags": """ARRAY(SELECT n.name FROM exposure_asset_tag t JOIN exposure_tag n ON n.id = t.tag_id
                     WHERE t.asset_id = a.id ORDER BY n.name)""",
    "firstSeen": "a.first_seen",
    "lastSeen": "a.last_seen",
    "lastAuthenticatedScan": "a.last_authenticated_scan",
}
TAGGED = """a.id IN (SELECT t.asset_id FROM exposure_asset_tag t JOIN exposure_tag n ON n.id = t.tag_id
                     WHERE lower(n.name) = lower({}))"""
WITHIN = """{asset} IN (SELECT asset_id FROM exposure_asset_group_member WHERE group_id = ANY({ids})
                       UNION ALL SELECT asset_id FROM exposure_asset_tag WHERE tag_id = ANY({ids}))"""
"""What a grant for some asset groups and tags shows; {asset} is a column, {ids} the groups and tags."""
GROUPED = "a.id IN (SELECT asset_id FROM exposure_asset_group_member WHERE group_id = {})"


async def _from_rollup(query: Mapping[str, Any]) -> int | None:
    """Return the count from the rollup when nothing but the worst severity is asked for."""
    if set(query) - {"severity", "page", "limit", "cursor", "sort", "saved_filter"}:
        return None
    return int(
        await connection().fetchval(
            """SELECT coalesce(sum(assets), 0)::bigint FROM exposure_asset_rollup
               WHERE $1::smallint[] IS NULL OR worst_severity = ANY($1)""",
            query.get("severity"),
        )
    )


ASSESSED = (  # what people said of an asset: the lists of its vulnerabilities are narrowed by it, too
    any_of("criticality", fields.Integer(validate=validate.OneOf(CRITICALITIES)), column="a.criticality"),
    any_of("exposure", fields.String(validate=validate.OneOf(EXPOSURES)), column="a.exposure"),
)
LISTING = Listing(
    source="exposure_asset a",
    columns=COLUMNS,
    id="a.id",
    within=WITHIN.format(asset="a.id", ids="{}"),
    where=(
        any_of("severity", SeverityField(), column="a.worst_severity"),
        *ASSESSED,
        *either_way(Where("tag", fields.String(validate=validate.Length(1, 100)), TAGGED)),
        *either_way(Where("asset_group", fields.UUID(), GROUPED)),
        # IS TRUE: a large network is found once, not joined to the assets.
        *either_way(Where("ip", Network(), f"(a.id IN ({ADDRESSED})) IS TRUE")),
        *either_way(Where("operating_system", SearchText(), "a.operating_system ILIKE {}")),
        *either_way(
            Where(
                "search",
                SearchText(),
                # Of so many short texts ILIKE takes twice as long.
                f"(lower(a.name) LIKE lower({{}}) OR a.id IN ({IDENTIFIED}))",
            )
        ),
    ),
    sort={
        "riskScore": "a.risk_score",
        "name": "a.name",
        "firstSeen": "a.first_seen",
        "lastSeen": "a.last_seen",
    },
    default_sort="-riskScore",
    total=_from_rollup,
    depends=written.state,
)


_FEW = 200  # assets
_FOUND = {
    "search": f"{IDENTIFIED} UNION ALL SELECT id FROM exposure_asset WHERE lower(name) LIKE lower({{}})",
    "ip": ADDRESSED,
}
_AMONG = replace(LISTING, where=(*LISTING.where, Where("among", None, "a.id = ANY({}::uuid[])")))


async def quickest(query: Mapping[str, Any]) -> tuple[Listing, dict[str, Any]]:
    """Return the same list in the shape that is read fastest, and what it has to be given.

    Where few assets have a text or address, these are looked at, and not all of them in their order.
    """
    for name in _FOUND.keys() & query.keys():
        most = 5 * _FEW  # several names of an asset may fit
        rows = await connection().fetch(f"{_FOUND[name]} LIMIT {most}".replace("{}", "$1"), query[name])
        among = {row[0] for row in rows}
        if len(rows) < most and len(among) <= _FEW:
            return _AMONG, {"among": sorted(among)}
    return LISTING, {}


def choosing(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a figure's filters that choose assets; the others choose vulnerabilities."""
    return {name: query[name] for name in ("tag", "asset_group") if name in query}


def _only(name: str, condition: str) -> Listing:
    """Return the list of assets with one more condition, whose value the handler gives."""
    return replace(LISTING, where=(*LISTING.where, Where(name, None, condition)))


WITH_TAG = _only("tag_id", "a.id IN (SELECT asset_id FROM exposure_asset_tag WHERE tag_id = {})")
IN_GROUP = _only("group_id", GROUPED)

TAG_STATS = Listing(
    source="""exposure_tag n LEFT JOIN (
        SELECT t.tag_id, count(*) AS assets, sum(a.open_critical) AS critical, sum(a.open_high) AS high,
               sum(a.open_medium) AS medium, sum(a.open_low) AS low, sum(a.open_info) AS info
        FROM exposure_asset_tag t JOIN exposure_asset a ON a.id = t.asset_id GROUP BY t.tag_id
    ) s ON s.tag_id = n.id""",
    columns={
        "id": "n.id",
        "name": "n.name",
        "color": "n.color",
        **{
            name: f"coalesce(s.{name}, 0)" for name in ("assets", "critical", "high", "medium", "low", "info")
        },
    },
    id="n.id",
    where=(search("n.name"),),
    sort={
        "name": "n.name",
        **{name: f"coalesce(s.{name}, 0)" for name in ("assets", "critical", "high", "medium", "low")},
    },
    default_sort="name",
)
"""Each tag with its assets and their active vulnerabilities, which every asset keeps counted."""


async def tag_assets(tag_id: UUID, asset_ids: Sequence[UUID]) -> asyncpg.Record | None:
    """Put a tag on those of the assets that there are; return how many are `known`, `added` and `before`."""
    return await connection().fetchrow(
        """WITH known AS (SELECT id FROM exposure_asset WHERE id = ANY($2::uuid[])),
                put AS (INSERT INTO exposure_asset_tag AS t (asset_id, tag_id)
                        SELECT id, $1 FROM known ORDER BY id
                        ON CONFLICT (tag_id, asset_id) DO UPDATE SET by_rule = false WHERE t.by_rule
                        RETURNING xmax = 0 AS added)
           SELECT (SELECT count(*) FROM known) AS known,
                  (SELECT count(*) FROM put WHERE added) AS added,
                  (SELECT count(*) FROM exposure_asset_tag WHERE tag_id = $1) AS before""",
        tag_id,
        asset_ids,
    )


async def untag_assets(tag_id: UUID, asset_ids: Sequence[UUID]) -> asyncpg.Record | None:
    """Take a tag off assets; return how many were `removed`, and had it `before`."""
    return await connection().fetchrow(
        """WITH removed AS (DELETE FROM exposure_asset_tag
                            WHERE tag_id = $1 AND asset_id = ANY($2::uuid[]) AND NOT by_rule
                            RETURNING asset_id)
           SELECT (SELECT count(*) FROM removed) AS removed,
                  (SELECT count(*) FROM exposure_asset_tag WHERE tag_id = $1) AS before""",
        tag_id,
        asset_ids,
    )


async def merge_tag(tag_id: UUID, into: UUID) -> asyncpg.Record | None:
    """Put `into` on the assets of a tag, which goes; return how many were `added`, and had it `before`."""
    return await connection().fetchrow(
        """WITH moved AS (DELETE FROM exposure_asset_tag WHERE tag_id = $1 RETURNING asset_id),
                added AS (INSERT INTO exposure_asset_tag (asset_id, tag_id)
                          SELECT asset_id, $2 FROM moved ORDER BY asset_id
                          ON CONFLICT DO NOTHING RETURNING asset_id),
                gone AS (DELETE FROM exposure_tag WHERE id = $1)
           SELECT (SELECT count(*) FROM added) AS added,
                  (SELECT count(*) FROM exposure_asset_tag WHERE tag_id = $2) AS before""",
        tag_id,
        into,
    )


def nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the listing with its counts in one object."""
    names = ("critical", "high", "medium", "low", "info")
    counts = {name: row[name] for name in names}
    rest = {name: value for name, value in row.items() if name not in names}
    return {**rest, "openVulnerabilities": {**counts, "total": sum(counts.values())}}


async def detail(asset_id: UUID, within: list[UUID] | None) -> asyncpg.Record | None:
    """Return an asset with identifiers, groups and the number of its vulnerabilities by state.

    None, too, when it is in none of the groups and tags `within`; None there means all assets.
    """
    columns = ", ".join(f'{sql} AS "{wire}"' for wire, sql in COLUMNS.items())
    return await connection().fetchrow(
        f"""
        SELECT {columns},
            (SELECT coalesce(json_agg(json_build_object('kind', kind, 'value', value) ORDER BY id), '[]')
             FROM exposure_asset_identifier WHERE asset_id = a.id)::text AS identifiers,
            (SELECT coalesce(json_agg(json_build_object('id', g.id, 'name', g.name) ORDER BY g.name), '[]')
             FROM exposure_asset_group_member m JOIN exposure_asset_group g ON g.id = m.group_id
             WHERE m.asset_id = a.id)::text AS groups,
            (SELECT json_build_object(
                'open', count(*) FILTER (WHERE state = 0), 'reopened', count(*) FILTER (WHERE state = 1),
                'accepted', count(*) FILTER (WHERE state = 2), 'fixed', count(*) FILTER (WHERE state = 3))
             FROM exposure_vulnerability WHERE asset_id = a.id)::text AS "vulnerabilitiesByState"
        FROM exposure_asset a
        WHERE a.id = $1 AND ($2::uuid[] IS NULL OR {WITHIN.format(asset="a.id", ids="$2")})
        """,
        asset_id,
        within,
    )


async def totals(as_of: date | None = None) -> tuple[int, float]:
    """Return the number of assets and the mean of their risk scores, now or at the end of a day."""
    row = await connection().fetchrow(
        f"""SELECT coalesce(sum(assets), 0)::bigint AS assets, coalesce(sum(risk_sum), 0)::bigint AS risk
            FROM {"exposure_asset_rollup" if as_of is None else "exposure_day_asset_rollup"}
            WHERE {"$1::date IS NULL" if as_of is None else "day <= $1"}""",
        as_of,
    )
    assets, risk = (row["assets"], row["risk"]) if row else (0, 0)
    return assets, (risk / assets if assets else 0.0)
