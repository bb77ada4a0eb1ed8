"""What goes over the wire for /imports/mappings."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import Schema
from threatweaver_exposure.engine.mapped import JSON, JSON_LINES, MEANINGS, SEVERITIES, TABLE

_KIND = validate.OneOf((TABLE, JSON, JSON_LINES))
_WORD = validate.Length(1, 200)


class MappingRulesIn(Schema):
    """What the columns of a file mean; `columns` is meaning → column, or path of a member."""

    kind = fields.String(required=True, validate=_KIND)
    rows = fields.String(
        load_default="",
        validate=validate.Regexp(r"\A([^\[\]\s.]+(\.[^\[\]\s.]+)*)?\Z", error="Names, separated by dots."),
        metadata={"example": "result.findings"},
    )
    columns = fields.Dict(
        keys=fields.String(validate=validate.OneOf([*MEANINGS])),
        values=fields.String(validate=_WORD),
        required=True,
        metadata={"example": {"host": "Host", "title": "Issue", "severity": "Risk"}},
    )
    severities = fields.Dict(
        keys=fields.String(validate=_WORD),
        values=fields.String(validate=validate.OneOf(SEVERITIES)),
        load_default=dict,
        metadata={"example": {"P1": "CRITICAL"}},
    )
    left_out = fields.List(fields.String(validate=_WORD), load_default=list, validate=validate.Length(0, 50))
    complete = fields.Boolean(load_default=False)

    @validates_schema
    def _enough(self, data: dict[str, Any], **_: object) -> None:
        columns = data.get("columns", {})
        if not {"check", "title"} & set(columns):
            raise ValidationError("A row needs a check or a title.", "columns")
        if data.get("rows") and data.get("kind") != JSON:
            raise ValidationError("Only a JSON document has its rows somewhere.", "rows")


class MappingOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    title = fields.String(required=True)
    version = fields.Integer(required=True)
    mapping = fields.Nested(MappingRulesIn, required=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class MappingCreate(Schema):
    name = fields.String(
        required=True,
        validate=validate.Regexp(r"\A[a-z][a-z0-9-]{0,24}\Z", error="a-z, 0-9 and -, at most 25."),
        metadata={"example": "acme-scanner"},
    )
    title = fields.String(required=True, validate=validate.Length(1, 100))
    mapping = fields.Nested(MappingRulesIn, required=True)


class MappingUpdate(Schema):
    title = fields.String(validate=validate.Length(1, 100))
    mapping = fields.Nested(MappingRulesIn)


class MappingGuessOut(Schema):
    kind = fields.String(required=True, validate=_KIND)
    rows = fields.String(required=True)
    found = fields.List(fields.String(), required=True)
    columns = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class MappedIdentifierOut(Schema):
    kind = fields.String(required=True)
    value = fields.String(required=True)


class MappedRowOut(Schema):
    row = fields.Integer(required=True)
    identifiers = fields.List(fields.Nested(MappedIdentifierOut), required=True)
    check = fields.String(required=True)
    title = fields.String(required=True)
    severity = fields.String(required=True, validate=validate.OneOf(SEVERITIES))
    cves = fields.List(fields.String(), required=True)
    port = fields.Integer(required=True)
    location = fields.String(required=True)


class MappedRowErrorOut(Schema):
    row = fields.Integer(required=True)
    message = fields.String(required=True)


class MappingPreviewOut(Schema):
    rows = fields.Integer(required=True)
    left_out = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    first = fields.List(fields.Nested(MappedRowOut), required=True)
    errors = fields.List(fields.Nested(MappedRowErrorOut), required=True)
    names_assets = fields.Boolean(required=True)
