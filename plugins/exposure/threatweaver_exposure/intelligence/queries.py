"""Reads of threat intelligence."""

from collections.abc import Sequence

import asyncpg
from marshmallow import fields

from threatweaver.sdk import Listing, Where, connection, search
from threatweaver_exposure.intelligence.applying import CURRENT

MOST_IDS = 500  # of one class of aliases: a feed that is wrong could make all ids one

KEV = Listing(
    source="exposure_kev k",
    columns={
        "cve": "k.cve",
        "dateAdded": "k.added",
        "dueDate": "k.due",
        "ransomware": "k.ransomware",
        "vendor": "k.vendor",
        "product": "k.product",
        "name": "k.name",
        "requiredAction": "k.action",
        "cwes": "ARRAY(SELECT 'CWE-' || c FROM unnest(k.cwes) c)",
    },
    id="k.id",
    where=(
        Where("start_date", fields.Date(), "k.added >= {}"),
        Where("end_date", fields.Date(), "k.added <= {}"),
        Where("ransomware", fields.Boolean(), "k.ransomware = {}"),
        search("k.cve", "k.vendor", "k.product", "k.name"),
    ),
    sort={"dateAdded": "k.added::timestamp AT TIME ZONE 'UTC'", "cve": "k.cve"},
    default_sort="-dateAdded",
)

SSVC_OF_D = """(
    SELECT jsonb_agg(jsonb_build_object('cve', r.cve, 'exploitation', r.exploitation,
           'automatable', r.automatable, 'technicalImpact', r.technical_impact, 'kev', k.id IS NOT NULL)
           ORDER BY r.cve)
    FROM exposure_definition_cve c JOIN exposure_cve r USING (cve) LEFT JOIN exposure_kev k USING (cve)
    WHERE c.definition_id = d.id AND r.exploitation IS NOT NULL)"""
"""SQL for the SSVC points of each CVE that a definition d names."""


async def held() -> Sequence[asyncpg.Record]:
    """Return the snapshot of each feed that holds, with its age in seconds."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""SELECT feed, published, imported_at, records, key_id,
                   extract(epoch FROM now() - published)::bigint AS age FROM {CURRENT} s"""
    )
    return rows


async def cve(name: str) -> asyncpg.Record:
    """Return what every feed says of a CVE; members of feeds that do not know it are null."""
    row = await connection().fetchrow(
        f"""SELECT r.state, r.published, r.updated, r.title, r.cwes, r.cvss::text AS cvss, r.exploitation,
                   r.automatable, r.technical_impact, to_jsonb(k)::text AS kev, e.score, e.percentile,
                   (SELECT (published AT TIME ZONE 'UTC')::date FROM {CURRENT} s WHERE feed = 'epss') AS day
            FROM (SELECT $1::text AS cve) n
            LEFT JOIN exposure_cve r USING (cve) LEFT JOIN exposure_kev k USING (cve)
            LEFT JOIN exposure_epss e USING (cve)""",
        name,
    )
    if row is None:
        raise LookupError
    return row


async def aliases(name: str) -> Sequence[asyncpg.Record]:
    """Return who says of which two ids of the id's class that they are one flaw, up to MOST_IDS ids far."""
    rows: Sequence[asyncpg.Record] = await connection().fetch(
        f"""WITH RECURSIVE class(id) AS (
                SELECT $1::text
                UNION
                SELECT o.id FROM class c, LATERAL (
                    SELECT a.alias AS id FROM exposure_alias a WHERE a.advisory = c.id
                    UNION ALL
                    SELECT a.advisory FROM exposure_alias a WHERE a.alias = c.id) o
            ), members AS MATERIALIZED (SELECT id FROM class LIMIT {MOST_IDS})
            SELECT a.advisory, a.alias FROM exposure_alias a
            WHERE a.advisory IN (SELECT id FROM members) AND a.alias IN (SELECT id FROM members)
            ORDER BY 1, 2""",
        name,
    )
    return rows
