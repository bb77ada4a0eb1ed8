"""What goes over the wire for /dashboard."""

from marshmallow import fields, validate

from threatweaver.sdk import CommaSeparated, Schema
from threatweaver_exposure.severity import SeverityField


class DashboardQuery(Schema):
    start_date = fields.Date()
    end_date = fields.Date()
    asset_group = fields.UUID()
    severity = CommaSeparated(SeverityField())
    tag = fields.String(validate=validate.Length(1, 100))


class KpisOut(Schema):
    total_assets = fields.Integer(required=True)
    total_vulnerabilities = fields.Integer(required=True)
    critical = fields.Integer(required=True)
    high = fields.Integer(required=True)
    medium = fields.Integer(required=True)
    low = fields.Integer(required=True)
    info = fields.Integer(required=True)
    risk_score = fields.Float(required=True)


class SeverityOut(Schema):
    severity = fields.String(required=True)
    count = fields.Integer(required=True)
    percent = fields.Float(required=True)
