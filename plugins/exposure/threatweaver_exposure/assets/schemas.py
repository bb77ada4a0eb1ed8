"""What goes over the wire for /assets, /tags and /asset-groups."""

from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.risk.formula import EXPOSURES

_NAME = validate.Length(1, 100)
_COLOR = validate.Regexp(r"\A#[0-9a-fA-F]{6}\Z", error="Must look like #607d8b.")


def _rule(**options: Any) -> fields.Dict:
    """Parameters of the list of assets, names and texts."""
    return fields.Dict(keys=fields.String(), values=fields.String(), **options)


class OpenCounts(Schema):
    critical = fields.Integer(required=True)
    high = fields.Integer(required=True)
    medium = fields.Integer(required=True)
    low = fields.Integer(required=True)
    info = fields.Integer(required=True)
    total = fields.Integer(required=True)


class AssetOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    fqdn = fields.String(allow_none=True)
    netbios = fields.String(allow_none=True)
    ip = fields.String(allow_none=True)
    operating_system = fields.String(allow_none=True)
    criticality = fields.Integer(allow_none=True, validate=validate.Range(1, 5))
    exposure = fields.String(allow_none=True, validate=validate.OneOf(EXPOSURES))
    worst_severity = fields.String(allow_none=True)
    risk_score = fields.Integer(required=True)
    open_vulnerabilities = fields.Nested(OpenCounts, required=True)
    tags = fields.List(fields.String(), required=True)
    first_seen = fields.AwareDateTime(required=True)
    last_seen = fields.AwareDateTime(required=True)
    last_authenticated_scan = fields.AwareDateTime(allow_none=True)


class IdentifierOut(Schema):
    kind = fields.String(required=True)
    value = fields.String(required=True)


class AssetGroupRef(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class AssetDetailOut(AssetOut):
    identifiers = fields.List(fields.Nested(IdentifierOut), required=True)
    groups = fields.List(fields.Nested(AssetGroupRef), required=True)
    vulnerabilities_by_state = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class AssetTagsIn(Schema):
    tags = fields.List(fields.String(validate=_NAME), required=True, validate=validate.Length(0, 50))


class TagOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    color = fields.String(required=True)
    rule = _rule(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class TagCreate(Schema):
    name = fields.String(required=True, validate=_NAME)
    color = fields.String(validate=_COLOR)


class TagUpdate(Schema):
    name = fields.String(validate=_NAME)
    color = fields.String(validate=_COLOR)


class TagStatsOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    color = fields.String(required=True)
    assets = fields.Integer(required=True)
    open_vulnerabilities = fields.Nested(OpenCounts, required=True)


class TaggedIn(Schema):
    asset_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 10_000))


class TaggedOut(Schema):
    assets = fields.Integer(required=True)
    added = fields.Integer(required=True)


class UntaggedOut(Schema):
    assets = fields.Integer(required=True)
    removed = fields.Integer(required=True)


class TagMergeIn(Schema):
    into = fields.UUID(required=True, metadata={"refers": "/tags"})


class TagMergedOut(TagOut):
    assets = fields.Integer(required=True)
    added = fields.Integer(required=True)


class AssetGroupOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    rule = _rule(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)


class AssetGroupCreate(Schema):
    name = fields.String(required=True, validate=_NAME)
    description = fields.String(validate=validate.Length(0, 1000))


class AssetGroupUpdate(Schema):
    name = fields.String(validate=_NAME)
    description = fields.String(validate=validate.Length(0, 1000))


class MembersIn(Schema):
    asset_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(1, 1000))


class MembersOut(Schema):
    members = fields.Integer(required=True)


class RuleIn(Schema):
    rule = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.Length(0, 4000)),
        required=True,
        allow_none=True,
        metadata={"example": {"ip": "10.0.0.0/8"}},
    )
    dry_run = fields.Boolean(load_default=False)


class RuleOut(Schema):
    rule = _rule(required=True, allow_none=True)
    dry_run = fields.Boolean(required=True)
    assets = fields.Integer(required=True)
    added = fields.Integer(required=True)
    removed = fields.Integer(required=True)
