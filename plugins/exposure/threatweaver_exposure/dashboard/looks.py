"""Where to look: the list, and the parameters for it, that shows what a figure counts."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from threatweaver.sdk import SEVERITIES, Schema

_WORDS = {
    "severity": "severity",
    "tag": "tag",
    "asset_group": "assetGroup",
    "start_date": "startDate",
    "end_date": "endDate",
}


class LookOut(Schema):
    """A list and the parameters for it, as an address has them."""

    path = fields.String(required=True)
    query = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


def look(path: str, query: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a list under the filters of a figure, as they were validated, with more parameters or others."""
    return {"path": path, "query": {**chosen(query), **{name: str(value) for name, value in more.items()}}}


def chosen(query: Mapping[str, Any]) -> dict[str, str]:
    """Return the filters of a figure as an address has them."""
    return {wire: _text(name, query[name]) for name, wire in _WORDS.items() if query.get(name) is not None}


def _text(name: str, value: Any) -> str:
    return ",".join(SEVERITIES[number] for number in value) if name == "severity" else str(value)
