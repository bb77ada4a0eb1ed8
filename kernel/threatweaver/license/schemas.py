"""What goes over the wire for /license."""

from marshmallow import fields, validate

from threatweaver.http.schema import Schema
from threatweaver.license.history import KINDS


class LicenseIn(Schema):
    license = fields.String(required=True, validate=validate.Length(1, 16384))


class LicenseImportIn(LicenseIn):
    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Only say what would change; nothing is stored."}
    )


class LicenseStatusOut(Schema):
    state = fields.String(required=True)
    modules = fields.List(fields.String(), required=True)
    next_change_at = fields.AwareDateTime(allow_none=True)


class RefusedModuleOut(Schema):
    module_id = fields.String(required=True)
    verdict = fields.String(required=True)
    reason = fields.String(required=True)


class LicenseImportOut(LicenseStatusOut):
    jti = fields.String(required=True)
    dry_run = fields.Boolean(required=True)
    starts = fields.List(fields.String(), required=True, metadata={"description": "Modules that start."})
    stops = fields.List(fields.String(), required=True, metadata={"description": "Modules that stop."})
    refused = fields.List(
        fields.Nested(RefusedModuleOut),
        required=True,
        metadata={"description": "Modules that the license names and that do not run all the same."},
    )


class LicenseEventOut(Schema):
    id = fields.UUID(required=True)
    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    jti = fields.String(allow_none=True)
    actor_id = fields.UUID(allow_none=True)
    details = fields.Dict(required=True)


class SeatsOut(Schema):
    used = fields.Integer(required=True)
    licensed = fields.Integer(allow_none=True, metadata={"description": "null: there is no license."})
    free = fields.Integer(allow_none=True)
    exceeded = fields.Boolean(
        required=True,
        metadata={"description": "More users than seats: nobody is locked out, nobody comes in."},
    )


class ForecastQuery(Schema):
    date = fields.Date(required=True, metadata={"description": "A day; its first moment in UTC."})


class ForecastOut(Schema):
    state = fields.String(required=True)
    reason = fields.String(required=True)
    reads_allowed = fields.Boolean(required=True)
    writes_allowed = fields.Boolean(required=True)
    can_recover = fields.Boolean(required=True)
    next_state = fields.String(allow_none=True)
    next_change_at = fields.AwareDateTime(allow_none=True)
    modules = fields.List(
        fields.String(), required=True, metadata={"description": "Modules that answer then."}
    )


class RevocationsIn(Schema):
    revocations = fields.String(required=True, validate=validate.Length(1, 1 << 20))


class RevocationsOut(Schema):
    revoked = fields.Integer(required=True, metadata={"description": "How many licenses the list names."})
