"""What goes over the wire for /security/isolation-reports."""

from marshmallow import fields

from threatweaver.http.schema import Schema


class IsolationReportOut(Schema):
    id = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    version = fields.String(required=True)
    passed = fields.Boolean(required=True)
    leaks = fields.Integer(required=True)
    calls = fields.Integer(required=True)


class IsolationReportDetailOut(IsolationReportOut):
    content = fields.String(
        required=True, metadata={"description": "The report as JSON text; the signature is of these bytes."}
    )
    signature = fields.String(required=True, metadata={"description": "Ed25519, base64."})
    public_key = fields.String(required=True, metadata={"description": "32 bytes, base64."})
