"""The verdict for a pipeline that hands a report in: whether what it shows matches a filter of the list."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from threatweaver.sdk import ValidationFailed, connection
from threatweaver_exposure.filters import service as filters
from threatweaver_exposure.vulnerabilities.queries import LISTING

_ON = {"seen": ("created", "updated", "reopened", "unchanged"), "new": ("created", "reopened")}
"""What the filter is held against: all that the report shows, or what it brought."""
ON = tuple(_ON)
_MOST = 50  # parameters


async def policy(said: str, *, by: UUID) -> Mapping[str, str]:
    """Return the filter that `said` is: parameters as an address has them, or the id of a saved filter.

    Raises ValidationFailed when the list would refuse it, or asks for a past day: the report is of now.
    """
    query = await _saved(said, by) or _written(said)
    if "as_of" in filters.checked("vulnerabilities", query, field="gate", where="query parameters"):
        raise _refused("A report is held against what is now: leave asOf out.")
    return query


async def judge(query: Mapping[str, str], *, on: str, assets: int) -> dict[str, Any]:
    """Return the verdict on the report that was merged in this transaction.

    A report without any asset says nothing of anything: `inconclusive`.
    """
    where, values = LISTING.conditions(filters.checked("vulnerabilities", query, field="gate"))
    matched = await connection().fetchval(
        f"""SELECT count(*) FROM {LISTING.source} JOIN vulnerability_change c ON c.id = v.id
            WHERE {where} AND c.action = ANY(${len(values) + 1})""",
        *values,
        _ON[on],
    )
    verdict = "fail" if matched else "pass" if assets else "inconclusive"
    return {"verdict": verdict, "matched": matched, "on": on, "filter": dict(query)}


async def _saved(said: str, by: UUID) -> Mapping[str, str] | None:
    try:
        filter_id = UUID(said)
    except ValueError:
        return None
    found = await filters.seen(filter_id, resource="vulnerabilities", by=by)
    if found is None:
        raise _refused("There is no such saved filter of vulnerabilities.")
    return found.query


def _written(said: str) -> Mapping[str, str]:
    try:
        given = parse_qsl(said, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST)
    except ValueError:
        raise _refused("Give filters as an address has them, `severity=CRITICAL&notTag=lab`.") from None
    if len({name for name, _ in given}) < len(given):
        raise _refused("Give each filter once.")
    return dict(given)


def _refused(message: str) -> ValidationFailed:
    return ValidationFailed("Invalid query parameters", [{"field": "gate", "message": message}])
