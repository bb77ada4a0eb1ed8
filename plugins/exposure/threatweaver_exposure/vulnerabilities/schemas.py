"""What goes over the wire for /vulnerabilities."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from threatweaver.sdk import Schema
from threatweaver_exposure.engine.recipes import RECIPES
from threatweaver_exposure.intelligence.schemas import SsvcOut


class VulnerabilityOut(Schema):
    id = fields.UUID(required=True)
    asset_id = fields.UUID(required=True)
    asset_name = fields.String(required=True)
    asset_ip = fields.String(allow_none=True)
    source = fields.String(required=True)
    check = fields.String(required=True)
    plugin_id = fields.Integer(required=True, allow_none=True)
    name = fields.String(required=True)
    family = fields.String(required=True)
    severity = fields.String(required=True)
    state = fields.String(required=True)
    risk_score = fields.Integer(required=True)
    port = fields.Integer(required=True)
    protocol = fields.String(required=True)
    location = fields.String(required=True)
    cves = fields.List(fields.String(), required=True)
    first_seen = fields.AwareDateTime(required=True)
    last_seen = fields.AwareDateTime(required=True)
    unobserved_since = fields.AwareDateTime(allow_none=True)
    same_as = fields.List(fields.UUID(), required=True)


class ExpandedDefinitionOut(Schema):
    synopsis = fields.String(required=True)
    description = fields.String(required=True)
    solution = fields.String(required=True)
    see_also = fields.List(fields.String(), required=True)
    cwes = fields.List(fields.String(), required=True)
    references = fields.List(fields.String(), required=True)
    cvss2_score = fields.Float(required=True, allow_none=True)
    cvss3_score = fields.Float(required=True, allow_none=True)
    cvss3_vector = fields.String(required=True, allow_none=True)
    cvss4_score = fields.Float(required=True, allow_none=True)
    cvss4_vector = fields.String(required=True, allow_none=True)
    vpr_score = fields.Float(required=True, allow_none=True)
    epss_score = fields.Float(required=True, allow_none=True)
    exploit_available = fields.Boolean(required=True, allow_none=True)
    kev = fields.Boolean(required=True, allow_none=True)
    published_on = fields.Date(required=True, allow_none=True)
    patch_published_on = fields.Date(required=True, allow_none=True)


class ExpandedAssetOut(Schema):
    fqdn = fields.String(required=True, allow_none=True)
    netbios = fields.String(required=True, allow_none=True)
    operating_system = fields.String(required=True, allow_none=True)
    criticality = fields.Integer(required=True, allow_none=True)
    exposure = fields.String(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)


class ExpandedEvidenceOut(Schema):
    service = fields.String(required=True, allow_none=True)
    output = fields.String(required=True)
    observed_at = fields.AwareDateTime(required=True)


class VulnerabilityRowOut(VulnerabilityOut):
    """A row of the list, with what `expand` asked for."""

    definition = fields.Nested(ExpandedDefinitionOut)
    asset = fields.Nested(ExpandedAssetOut, allow_none=True)
    evidence = fields.Nested(ExpandedEvidenceOut, allow_none=True)


class SearchIn(Schema):
    query = fields.String(required=True, validate=validate.Length(1, 500))


class SearchPaging(Schema):
    page = fields.Integer(load_default=1, validate=validate.Range(1, 1_000_000))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))
    sort = fields.String(
        load_default="-riskScore", validate=validate.OneOf(("-riskScore", "-firstSeen", "-lastSeen"))
    )


class FoundMeta(Schema):
    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    totalIsAtLeast = fields.Boolean()  # noqa: N815 - a wire name


class SearchOut(Schema):
    filter = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    ignored = fields.List(fields.String(), required=True)
    data = fields.List(fields.Nested(VulnerabilityOut), required=True)
    meta = fields.Nested(FoundMeta, required=True)


class IdentityFieldOut(Schema):
    name = fields.String(required=True)
    value = fields.String(required=True)


class CandidateOut(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    severity = fields.String(required=True)
    state = fields.String(required=True)
    shares = fields.String(required=True, validate=validate.OneOf(("check", "cve", "flaw")))
    cves = fields.List(fields.String(), required=True)
    same_flaw = fields.Boolean(required=True, data_key="sameFlaw")
    joined = fields.Boolean(required=True)
    differs = fields.List(fields.Nested(IdentityFieldOut), required=True)


class FlawOut(Schema):
    recipe = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(RECIPES[2].kinds))
    fields_ = fields.List(fields.Nested(IdentityFieldOut), required=True, data_key="fields")


class IdentityOut(Schema):
    recipe = fields.Integer(required=True)
    apart = fields.Boolean(required=True)
    fields_ = fields.List(fields.Nested(IdentityFieldOut), required=True, data_key="fields")
    flaw = fields.Nested(FlawOut, required=True)
    candidates = fields.List(fields.Nested(CandidateOut), required=True)


class AcceptanceOut(Schema):
    reason = fields.String(required=True)
    until = fields.AwareDateTime(required=True)
    accepted_by = fields.UUID(required=True)
    accepted_at = fields.AwareDateTime(required=True)


class SameFlawOut(Schema):
    id = fields.UUID(required=True)
    source = fields.String(required=True)
    check = fields.String(required=True)
    name = fields.String(required=True)
    severity = fields.String(required=True)
    state = fields.String(required=True)
    last_seen = fields.AwareDateTime(required=True)
    stands_before = fields.Boolean(required=True)


class VulnerabilityDetailOut(VulnerabilityOut):
    fixed_at = fields.AwareDateTime(allow_none=True)
    synopsis = fields.String(required=True)
    description = fields.String(required=True)
    solution = fields.String(required=True)
    see_also = fields.List(fields.String(), required=True)
    cwes = fields.List(fields.String(), required=True)
    references = fields.List(fields.String(), required=True)
    cvss2_score = fields.Float(allow_none=True)
    cvss2_vector = fields.String(allow_none=True)
    cvss3_score = fields.Float(allow_none=True)
    cvss3_vector = fields.String(allow_none=True)
    cvss4_score = fields.Float(allow_none=True)
    cvss4_vector = fields.String(allow_none=True)
    vpr_score = fields.Float(allow_none=True)
    epss_score = fields.Float(allow_none=True)
    exploit_available = fields.Boolean(allow_none=True)
    kev = fields.Boolean(allow_none=True)
    ssvc = fields.Nested(SsvcOut, required=True, allow_none=True)
    published_on = fields.Date(allow_none=True)
    patch_published_on = fields.Date(allow_none=True)
    service = fields.String(allow_none=True)
    output = fields.String(allow_none=True)
    acceptance = fields.Nested(AcceptanceOut, allow_none=True)
    same_flaw = fields.List(fields.Nested(SameFlawOut), required=True)


class SeverityCounts(Schema):
    critical = fields.Integer(required=True)
    high = fields.Integer(required=True)
    medium = fields.Integer(required=True)
    low = fields.Integer(required=True)
    info = fields.Integer(required=True)


class StateCounts(Schema):
    open = fields.Integer(required=True)
    reopened = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    fixed = fields.Integer(required=True)


class StatsOut(Schema):
    total = fields.Integer(required=True)
    assets = fields.Integer(required=True)
    definitions = fields.Integer(required=True)
    by_severity = fields.Nested(SeverityCounts, required=True)
    by_state = fields.Nested(StateCounts, required=True)


class AcceptRiskIn(Schema):
    until = fields.AwareDateTime(required=True)
    reason = fields.String(required=True, validate=validate.Length(10, 2000))
    whole_flaw = fields.Boolean(load_default=False)


class ReopenIn(Schema):
    whole_flaw = fields.Boolean(load_default=False)


class BulkUpdateIn(Schema):
    """An action on vulnerabilities; `until` and `reason` are those of accept-risk."""

    action = fields.String(required=True, validate=validate.OneOf(("accept-risk", "reopen")))
    filter = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.Length(0, 4000)),
        metadata={"example": {"tag": "web"}},
    )
    vulnerability_ids = fields.List(fields.UUID(), validate=validate.Length(1, 10_000))
    until = fields.AwareDateTime()
    reason = fields.String(validate=validate.Length(10, 2000))
    dry_run = fields.Boolean(load_default=False)
    expected_count = fields.Integer(strict=True, validate=validate.Range(0, 2**53))

    @validates_schema
    def _one_choice(self, data: dict[str, Any], **_: object) -> None:
        if ("vulnerability_ids" in data) == ("filter" in data):
            raise ValidationError("Give either vulnerabilityIds or filter.", "vulnerability_ids")

    @validates_schema
    def _reasons(self, data: dict[str, Any], **_: object) -> None:
        accepts = data.get("action") == "accept-risk"
        text = "Missing data for required field." if accepts else "Reopening takes none."
        if wrong := [name for name in ("until", "reason") if (name in data) != accepts]:
            raise ValidationError({name: [text] for name in wrong})


class BulkUpdateOut(Schema):
    dry_run = fields.Boolean(required=True)
    action = fields.String(required=True)
    matched = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
