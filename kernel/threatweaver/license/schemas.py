"""What goes over the wire for /license."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema


class LicenseIn(Schema):
    license = fields.String(required=True, validate=validate.Length(1, 16384))


class LicenseStatusOut(Schema):
    state = fields.String(required=True)
    modules = fields.List(fields.String(), required=True)
    next_change_at = fields.AwareDateTime(allow_none=True)
