"""What can be done to saved filters. No request, no schema, no status code."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from threatweaver.sdk import NotFound, ValidationFailed
from threatweaver_exposure.errors import NotTheOwner
from threatweaver_exposure.filters.models import SavedFilter
from threatweaver_exposure.filters.queries import LISTS

MOST_ALERTS = 50
"""Filters of a tenant with an alert: each is held against what every import brings."""


async def create(*, by: UUID, **what: Any) -> SavedFilter:
    """Save a filter. Raises ValidationFailed when its list would refuse the query."""
    checked(what["resource"], what["query"])
    made = SavedFilter(owner_id=by, **what)
    await _may_alert(made)
    await made.save()
    return made


async def update(filter_id: UUID, *, by: UUID, **changes: Any) -> None:
    """Change a filter of one's own. Raises NotFound, NotTheOwner, ValidationFailed."""
    found = await _own(filter_id, by)
    if "query" in changes:
        checked(found.resource, changes["query"])
    await _may_alert(found.update_from_dict(changes))
    await found.save()


async def delete(filter_id: UUID, *, by: UUID) -> None:
    """Delete a filter of one's own. Raises NotFound, NotTheOwner."""
    await (await _own(filter_id, by)).delete()


async def added(query: Mapping[str, Any], *, resource: str, by: UUID) -> dict[str, Any]:
    """Return what the saved filter of a list's query, if it names one, adds to that.

    Raises ValidationFailed when nothing of that id is there for this person and list, or the list would
    refuse by now what was saved.
    """
    filter_id = query.get("saved_filter")
    if filter_id is None:
        return {}
    found = await seen(filter_id, resource=resource, by=by)
    if found is None:
        raise _refusal(["There is no such filter of this list."])
    try:
        saved = _loaded(resource, found.query)
    except ValidationError as error:
        raise _refusal(f"{name}: {text}" for name, text in _faults(error)) from None
    return {name: value for name, value in saved.items() if name not in query}


async def seen(filter_id: UUID, *, resource: str, by: UUID) -> SavedFilter | None:
    """Return a saved filter of a list, if this person may use it."""
    return await _seen(by).filter(resource=resource).get_or_none(id=filter_id)


def checked(
    resource: str, query: Mapping[str, str], *, field: str = "query", where: str = "request body"
) -> Mapping[str, Any]:
    """Return a query in a member of a body as its list takes it in. Raises ValidationFailed."""
    try:
        return _loaded(resource, query)
    except ValidationError as error:
        details = [{"field": f"{field}.{name}", "message": text} for name, text in _faults(error)]
        raise ValidationFailed(f"Invalid {where}", details) from None


def _loaded(resource: str, query: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a query as its list takes it in. Raises ValidationError."""
    loaded: Mapping[str, Any] = LISTS[resource].filters().load(query)
    return loaded


def _faults(error: ValidationError) -> list[tuple[str, str]]:
    found = error.messages if isinstance(error.messages, dict) else {"query": error.messages}
    return [(name, str(text)) for name, texts in found.items() for text in texts]


def _refusal(messages: Iterable[str]) -> ValidationFailed:
    details = [{"field": "savedFilter", "message": text} for text in messages]
    return ValidationFailed("Invalid query parameters", details)


def _seen(by: UUID) -> QuerySet[SavedFilter]:
    return SavedFilter.filter(Q(shared=True) | Q(owner_id=by))


async def _may_alert(wanted: SavedFilter) -> None:
    """Refuse an alert on what nobody else sees, on the past, on assets, and one too many."""
    if not wanted.alert:
        return
    if wanted.resource != "vulnerabilities" or not wanted.shared or "asOf" in wanted.query:
        why = "Alerts are of shared filters of vulnerabilities, without asOf."
    elif await SavedFilter.filter(alert=True).exclude(id=wanted.id).count() >= MOST_ALERTS:
        why = f"There are {MOST_ALERTS} alerts already."
    else:
        return
    raise ValidationFailed("Invalid request body", [{"field": "alert", "message": why}])


async def _own(filter_id: UUID, by: UUID) -> SavedFilter:
    found = await _seen(by).select_for_update().get_or_none(id=filter_id)
    if found is None:
        raise NotFound
    if found.owner_id != by:
        raise NotTheOwner
    return found
