"""A person's layout over the widgets that they may see. No request, no schema, no status code."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from threatweaver.sdk import DashboardWidget, ValidationFailed, WidgetKind
from threatweaver_exposure.layout.models import Layout

_SIZES = {
    WidgetKind.NUMBER: (1, 1),
    WidgetKind.BARS: (2, 2),
    WidgetKind.SERIES: (2, 2),
    WidgetKind.TABLE: (4, 2),
}
"""Width and height of each kind in the standard layout, in quarters of the page's width."""


async def read(user_id: UUID, visible: Sequence[DashboardWidget]) -> dict[str, Any]:
    """Return a person's layout, or the standard one: every widget in the order of the modules.

    A widget that was chosen and may not be seen any more is left out, and is there again when it may.
    """
    known = {widget.name: widget for widget in visible}
    found = await Layout.get_or_none(user_id=user_id)
    chosen = [_standard(widget) for widget in visible] if found is None else found.widgets
    placed = {item["name"]: item for item in chosen if item["name"] in known}
    return {
        "standard": found is None,
        "widgets": [{**_told(known[name]), **item} for name, item in placed.items()],
        "hidden": [_told(widget) for name, widget in known.items() if name not in placed],
        "updatedAt": None if found is None else found.updated_at,
    }


async def replace(
    user_id: UUID, widgets: Sequence[Mapping[str, Any]], visible: Sequence[DashboardWidget]
) -> None:
    """Store a person's layout. Raises ValidationFailed for what is no widget of theirs."""
    known = {widget.name for widget in visible}
    unknown = [(place, item["name"]) for place, item in enumerate(widgets) if item["name"] not in known]
    if unknown:
        raise ValidationFailed(
            "Invalid request body",
            [
                {"field": f"widgets.{place}.name", "message": f"There is no widget {name} for you."}
                for place, name in unknown
            ],
        )
    await Layout.update_or_create(user_id=user_id, defaults={"widgets": [dict(item) for item in widgets]})


async def forget(user_id: UUID) -> None:
    """Go back to the standard layout."""
    await Layout.filter(user_id=user_id).delete()


def _standard(widget: DashboardWidget) -> dict[str, Any]:
    width, height = _SIZES[widget.kind]
    return {"name": widget.name, "width": width, "height": height}


def _told(widget: DashboardWidget) -> dict[str, Any]:
    return {"name": widget.name, "title": widget.title, "kind": widget.kind.value}
