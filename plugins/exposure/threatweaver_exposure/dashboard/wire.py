"""Widgets as they go over the wire: the data under the name of its kind, or the error in its place."""

from typing import Any

from threatweaver.sdk import BarsData, NumberData, SeriesData, TableData, WidgetData, WidgetResult

_MOST_ROWS = 100
_WORDS = {"start_date": "startDate", "end_date": "endDate", "asset_group": "assetGroup"}


def wire(result: WidgetResult) -> dict[str, Any]:
    """Return the documented body of a widget."""
    body: dict[str, Any] = {
        "name": result.widget.name,
        "title": result.widget.title,
        "kind": result.widget.kind.value,
        "filters": [_WORDS.get(name, name) for name in result.applied],
    }
    if result.error is not None:
        body["error"] = {"code": result.error.code, "message": result.error.message}
    if result.data is not None:
        body[result.widget.kind.value] = _data(result.data)
    return body


def _data(data: WidgetData) -> Any:
    match data:
        case NumberData():
            return {"value": data.value, "unit": data.unit}
        case BarsData():
            return [{"label": label, "value": value} for label, value in data.bars]
        case SeriesData():
            return [
                {
                    "label": line.label,
                    "points": [{"at": moment.isoformat(), "value": value} for moment, value in line.points],
                }
                for line in data.lines
            ]
        case TableData():
            return {"columns": data.columns, "rows": data.rows[:_MOST_ROWS]}
