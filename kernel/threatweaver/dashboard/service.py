"""Producing widgets: those that the caller may see, each for itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from tortoise.transactions import in_transaction

from threatweaver import log
from threatweaver.dashboard.declaration import DATA, DashboardFilters, DashboardWidget, WidgetData
from threatweaver.http import gates
from threatweaver.http.errors import ApiError, ServiceUnavailable, ValidationFailed

if TYPE_CHECKING:
    from threatweaver.http.context import Context

_EACH = 5.0  # seconds
_TOGETHER = 15.0
_log = log.get(__name__)


class WidgetFailed(ApiError):
    """The widget's data cannot be produced."""

    status, code = 500, "WIDGET_FAILED"


class WidgetTimeout(ServiceUnavailable):
    """The widget's data took too long."""

    code = "WIDGET_TIMEOUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetResult:
    """A widget with its data, or with the error that stands in for it; and the filters it honored."""

    widget: DashboardWidget
    applied: tuple[str, ...]
    data: WidgetData | None
    error: ApiError | None


async def produce_widgets(
    ctx: "Context", names: Sequence[str] | None, filters: DashboardFilters
) -> list[WidgetResult]:
    """Return the widgets of these names, or all that the caller may see, with their data.

    It runs in the tenant's scope. A widget that fails says so, and the others are as they are. Raises
    ValidationFailed for a name that is no widget of this caller's.
    """
    visible = {widget.name: widget for widget in visible_widgets(ctx)}
    if unknown := [name for name in names or () if name not in visible]:
        raise ValidationFailed(
            "Invalid query",
            [{"field": "widgets", "message": f"There is no widget {name} for you."} for name in unknown],
        )
    deadline = asyncio.get_running_loop().time() + _TOGETHER
    chosen = dict.fromkeys(visible if names is None else names)
    return [await _produced(visible[name], filters, deadline) for name in chosen]


def visible_widgets(ctx: "Context") -> list[DashboardWidget]:
    """Return the widgets whose permission the caller holds and whose module is open to the tenant."""
    registry, opened = ctx.kernel.registry, dict[str | None, bool]()
    for module_id in set(registry.widget_modules.values()):
        opened[module_id] = gates.opens(ctx, module_id)
    return [
        widget
        for widget in registry.widgets
        if ctx.principal.may(widget.permission) and opened[registry.widget_modules[widget.name]]
    ]


async def _produced(widget: DashboardWidget, filters: DashboardFilters, deadline: float) -> WidgetResult:
    given = {item.name: getattr(filters, item.name) for item in fields(filters)}
    honored = {name: given[name] for name in widget.filters if given[name] is not None}
    data, error = await _attempted(widget, DashboardFilters(**honored), deadline)
    return WidgetResult(widget=widget, applied=tuple(honored), data=data, error=error)


async def _attempted(
    widget: DashboardWidget, filters: DashboardFilters, deadline: float
) -> tuple[WidgetData | None, ApiError | None]:
    """Call it in a savepoint, so that a failed statement is not the end of the transaction."""
    left = min(_EACH, deadline - asyncio.get_running_loop().time())
    try:
        async with asyncio.timeout(left) as limit, in_transaction("tenant"):
            data: Any = await widget.produce(filters)
        if not isinstance(data, DATA[widget.kind]):
            raise TypeError(f"a {widget.kind} is no {type(data).__name__}")
    except ApiError as refused:
        return None, refused
    except Exception as error:  # noqa: BLE001 - a plugin's widget may fail in any way; the others are shown
        _log.error("widget_failed", widget=widget.name, exc_info=error)
        return None, WidgetTimeout() if limit.expired() else WidgetFailed()
    return data, None
