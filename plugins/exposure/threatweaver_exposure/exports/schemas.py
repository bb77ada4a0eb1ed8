"""What goes over the wire for /export."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import Schema
from threatweaver_exposure.exports.layouts import LAYOUTS
from threatweaver_exposure.exports.resources import RESOURCES, filters_of
from threatweaver_exposure.vulnerabilities.queries import LISTING


class ExportIn(Schema):
    resource = fields.String(required=True, validate=validate.OneOf(list(RESOURCES)))
    format = fields.String(required=True, validate=validate.OneOf(list(LAYOUTS)))
    filter = fields.Dict(keys=fields.String(), load_default=dict)

    @validates_schema
    def _fits(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse what the resource has not: a format, or filters that its list would refuse, in its words."""
        formats = RESOURCES[data["resource"]].formats
        if data["format"] not in formats:
            raise ValidationError({"format": [f"Must be one of: {', '.join(formats)}."]})
        if faults := filters_of(data["resource"]).validate(data["filter"]):
            raise ValidationError({"filter": faults})


class VulnerabilityExportIn(LISTING.filters):  # type: ignore[name-defined,misc] # made from a declaration
    format = fields.String(load_default="csv", validate=validate.OneOf(["csv", "json"]))


class ExportOut(Schema):
    id = fields.UUID(required=True)
    resource = fields.String(required=True)
    format = fields.String(required=True)
    filter = fields.Dict(required=True)
    limited = fields.Boolean(required=True)
    state = fields.String(required=True)
    rows = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    expires_at = fields.AwareDateTime(required=True)


class ChunkOut(Schema):
    number = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)


class ExportDetailOut(ExportOut):
    chunks = fields.List(fields.Nested(ChunkOut), required=True)
