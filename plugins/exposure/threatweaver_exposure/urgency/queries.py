"""Reads of what became urgent, through the list that shows it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import asyncpg

from threatweaver.sdk import connection
from threatweaver_exposure.backlog.queries import COUNTS
from threatweaver_exposure.urgency.conditions import START
from threatweaver_exposure.vulnerabilities import queries as vulnerabilities


async def counts(query: Mapping[str, Any], since: date) -> asyncpg.Record:
    """Count what the list has with these filters, and how many of it were not known before a day."""
    listing = await vulnerabilities.quickest(query)
    where, values = listing.conditions(query)
    row = await connection().fetchrow(
        f"""SELECT {COUNTS}, count(DISTINCT v.asset_id) AS assets, count(*) FILTER (WHERE NOT EXISTS (
                SELECT 1 FROM exposure_event e WHERE e.vulnerability_id = v.id
                AND e.at < {START.format(f"${len(values) + 1}")})) AS new
            FROM {listing.source} WHERE {where}""",
        *values,
        since,
    )
    if row is None:
        raise LookupError
    return row
