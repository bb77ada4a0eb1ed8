"""What goes over the wire for /appsec/reports."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema

FORMATS = {
    "json": "application/json",
    "sarif": "application/sarif+json",
    "junit": "application/xml",
    "html": "text/html",
    "har": "application/json",
    "pdf": "application/pdf",
}


class ReportQuery(Schema):
    format = fields.String(load_default="json", validate=validate.OneOf(tuple(FORMATS)))


class ReportFormatOut(Schema):
    name = fields.String(required=True)
    content_type = fields.String(required=True)
