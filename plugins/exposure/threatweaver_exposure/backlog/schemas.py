"""What goes over the wire about what is open now."""

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.history.schemas import AsOf
from threatweaver_exposure.vulnerabilities.filters import ASSET_GROUP, SEVERITY, TAG
from threatweaver_exposure.vulnerabilities.schemas import SeverityCounts


class ActiveQuery(Schema):
    severity = SEVERITY.field
    tag = TAG.field
    asset_group = ASSET_GROUP.field


class TopQuery(ActiveQuery):
    limit = fields.Integer(load_default=10, validate=validate.Range(1, 100))


class AgingQuery(AsOf, ActiveQuery):
    """The filters of figures that know the past."""


class ActiveCountsOut(Schema):
    active = fields.Integer(required=True)
    by_severity = fields.Nested(SeverityCounts, required=True)


class AgeBandOut(ActiveCountsOut):
    from_days = fields.Integer(required=True)
    to_days = fields.Integer(required=True, allow_none=True)
    start_date = fields.Date(required=True, allow_none=True)
    end_date = fields.Date(required=True, allow_none=True)


class AgingOut(Schema):
    day = fields.Date(required=True)
    bands = fields.List(fields.Nested(AgeBandOut), required=True)
    total = fields.Nested(ActiveCountsOut, required=True)


class AssetExposureColumnOut(Schema):
    from_days = fields.Integer(required=True)
    to_days = fields.Integer(required=True, allow_none=True)
    assets = fields.Integer(required=True)


class AssetExposureRowOut(Schema):
    severity = fields.String(required=True, allow_none=True)
    counts = fields.List(fields.Integer(), required=True)
    assets = fields.Integer(required=True)


class AssetExposureOut(Schema):
    columns = fields.List(fields.Nested(AssetExposureColumnOut), required=True)
    rows = fields.List(fields.Nested(AssetExposureRowOut), required=True)
    assets = fields.Integer(required=True)


class TopAssetOut(ActiveCountsOut):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    ip = fields.String(required=True, allow_none=True)
    risk_score = fields.Integer(required=True)
    weight = fields.Integer(required=True)


class TopVulnerabilityOut(ActiveCountsOut):
    source = fields.String(required=True)
    check = fields.String(required=True)
    plugin_id = fields.Integer(required=True, allow_none=True)
    name = fields.String(required=True)
    family = fields.String(required=True)
    cves = fields.List(fields.String(), required=True)
    kev = fields.Boolean(required=True)
    assets = fields.Integer(required=True)
    weight = fields.Integer(required=True)


class TopCveOut(ActiveCountsOut):
    cve = fields.String(required=True)
    kev = fields.Boolean(required=True)
    definitions = fields.Integer(required=True)
    assets = fields.Integer(required=True)
    weight = fields.Integer(required=True)


class KevExposureOut(ActiveCountsOut):
    assets = fields.Integer(required=True)
    definitions = fields.Integer(required=True)


class ScanCoverageOut(Schema):
    assets = fields.Integer(required=True)
    seen_within7_days = fields.Integer(required=True, data_key="seenWithin7Days")
    seen_within30_days = fields.Integer(required=True, data_key="seenWithin30Days")
    seen_within90_days = fields.Integer(required=True, data_key="seenWithin90Days")
    authenticated_within30_days = fields.Integer(required=True, data_key="authenticatedWithin30Days")
    never_authenticated = fields.Integer(required=True)
    unobserved_vulnerabilities = fields.Integer(required=True)


class AcceptedUntilOut(Schema):
    within30_days = fields.Integer(required=True, data_key="within30Days")
    within90_days = fields.Integer(required=True, data_key="within90Days")
    later = fields.Integer(required=True)
    accepted = fields.Integer(required=True)


class AcceptedRiskTierOut(AcceptedUntilOut):
    severity = fields.String(required=True)


class AcceptedRiskOut(Schema):
    tiers = fields.List(fields.Nested(AcceptedRiskTierOut), required=True)
    total = fields.Nested(AcceptedUntilOut, required=True)


class SourceFiguresOut(ActiveCountsOut):
    source = fields.String(required=True)
    assets = fields.Integer(required=True)
    last_import = fields.AwareDateTime(required=True, allow_none=True)
