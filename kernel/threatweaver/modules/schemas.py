"""What goes over the wire for /modules."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema
from threatweaver.plugins.admission import Verdict


class ProgressOut(Schema):
    ready = fields.Integer(required=True, metadata={"description": "Tenants that have its tables."})
    failed = fields.Integer(required=True, metadata={"description": "Tenants that keep the tables they had."})
    total = fields.Integer(required=True)


class ModuleOut(Schema):
    id = fields.String(required=True, metadata={"description": "What a license names."})
    plugin = fields.String(required=True)
    title = fields.String(required=True)
    version = fields.String(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf([item.value for item in Verdict]))
    reason = fields.String(required=True)
    allowed = fields.Boolean(required=True, metadata={"description": "Whether your tenant may use it now."})
    prefixes = fields.List(fields.String(), required=True)
    requires = fields.List(fields.String(), required=True)
    kernel_api = fields.String(required=True)
    routes = fields.Integer(required=True)
    jobs = fields.List(fields.String(), required=True)
    tables = fields.List(fields.String(), required=True)
    flags = fields.List(fields.String(), required=True)
    health = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    tenants = fields.Nested(ProgressOut, allow_none=True, metadata={"description": "For operators alone."})


class ModuleUpdate(Schema):
    enabled = fields.Boolean(required=True)
    reason = fields.String(load_default="", validate=validate.Length(0, 500))


class TenantModuleUpdate(Schema):
    allowed = fields.Boolean(required=True)


class TenantModuleOut(Schema):
    module_id = fields.String(required=True)
    tenant_id = fields.UUID(required=True)
    allowed = fields.Boolean(required=True)


class FailureOut(Schema):
    tenant_id = fields.UUID(required=True)
    tenant_slug = fields.String(required=True)
    error = fields.String(required=True)
    tried_at = fields.AwareDateTime(required=True)
