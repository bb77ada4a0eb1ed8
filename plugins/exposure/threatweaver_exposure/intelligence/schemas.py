"""What goes over the wire for /threat-intel."""

from typing import Any

from marshmallow import fields, validate

from threatweaver.sdk import Schema
from threatweaver_exposure.engine import ssvc
from threatweaver_exposure.engine.intel_feeds import normalized
from threatweaver_exposure.engine.intel_snapshot import FEEDS

_CVE = "[Cc][Vv][Ee]-"
_ID = rf"\A(?:{_CVE}[0-9]{{4}}-[0-9]{{4,19}}|(?!{_CVE})[A-Za-z][A-Za-z0-9]*[-:][A-Za-z0-9:._@/+-]{{1,90}})\Z"


class AdvisoryField(fields.String):
    """An id of an advisory: CVE, GHSA, PYSEC, GO and others."""

    def __init__(self) -> None:
        super().__init__(
            validate=validate.Regexp(_ID, error="Must look like GHSA-6vm3-jj99-7229."),
            metadata={"example": "GHSA-6vm3-jj99-7229"},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        return normalized(str(super()._deserialize(value, attr, data, **options)))


class SnapshotIn(Schema):
    replay = fields.Boolean(load_default=False)


class SnapshotOut(Schema):
    id = fields.UUID(required=True)
    job_id = fields.UUID(required=True, allow_none=True)
    feed = fields.String(required=True, validate=validate.OneOf(FEEDS))
    published = fields.AwareDateTime(required=True)
    sha256 = fields.String(required=True)
    records = fields.Integer(required=True)
    key_id = fields.String(required=True)
    replay = fields.Boolean(required=True)
    created_by = fields.UUID(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    imported_at = fields.AwareDateTime(required=True, allow_none=True)
    added = fields.Integer(required=True, allow_none=True)
    changed = fields.Integer(required=True, allow_none=True)
    removed = fields.Integer(required=True, allow_none=True)
    rescored = fields.Integer(required=True, allow_none=True)


class FeedOut(Schema):
    feed = fields.String(required=True, validate=validate.OneOf(FEEDS))
    title = fields.String(required=True)
    published = fields.AwareDateTime(required=True, allow_none=True)
    imported_at = fields.AwareDateTime(required=True, allow_none=True)
    age_seconds = fields.Integer(required=True, allow_none=True)
    records = fields.Integer(required=True, allow_none=True)
    key_id = fields.String(required=True, allow_none=True)


class KevEntryOut(Schema):
    cve = fields.String(required=True)
    date_added = fields.Date(required=True)
    due_date = fields.Date(required=True, allow_none=True)
    ransomware = fields.Boolean(required=True)
    vendor = fields.String(required=True)
    product = fields.String(required=True)
    name = fields.String(required=True)
    required_action = fields.String(required=True)
    cwes = fields.List(fields.String(), required=True)


class EpssOut(Schema):
    score = fields.Float(required=True)
    percentile = fields.Float(required=True, allow_none=True)
    date = fields.Date(required=True)


class CvssOut(Schema):
    source = fields.String(required=True)
    version = fields.String(required=True)
    vector = fields.String(required=True)
    score = fields.Float(required=True)
    severity = fields.String(required=True)


class SsvcPointOut(Schema):
    point = fields.String(
        required=True,
        validate=validate.OneOf(("exploitation", "automatable", "technicalImpact", "missionAndWellBeing")),
    )
    value = fields.String(required=True)
    source = fields.String(required=True, validate=validate.OneOf(("kev", "cve", "criticality", "assumed")))


class SsvcDecisionOut(Schema):
    mission_and_well_being = fields.String(required=True, validate=validate.OneOf(ssvc.MISSION))
    # No enumeration: generators make one name of Track and Track*.
    decision = fields.String(required=True, metadata={"example": ssvc.DECISIONS[0]})


class CveSsvcOut(Schema):
    path = fields.List(fields.Nested(SsvcPointOut), required=True)
    decisions = fields.List(fields.Nested(SsvcDecisionOut), required=True)


class SsvcOut(Schema):
    # No enumeration: generators make one name of Track and Track*.
    decision = fields.String(required=True, metadata={"example": ssvc.DECISIONS[0]})
    cve = fields.String(required=True)
    path = fields.List(fields.Nested(SsvcPointOut), required=True)


class AliasEdgeOut(Schema):
    id = fields.String(required=True)
    alias = fields.String(required=True)
    said_by = fields.String(required=True)


class AliasesOut(Schema):
    id = fields.String(required=True)
    name = fields.String(required=True)
    members = fields.List(fields.String(), required=True)
    edges = fields.List(fields.Nested(AliasEdgeOut), required=True)
    truncated = fields.Boolean(required=True)


class CveOut(Schema):
    cve = fields.String(required=True)
    state = fields.String(required=True, allow_none=True)
    published = fields.Date(required=True, allow_none=True)
    updated = fields.Date(required=True, allow_none=True)
    title = fields.String(required=True, allow_none=True)
    kev = fields.Nested(KevEntryOut, required=True, allow_none=True)
    epss = fields.Nested(EpssOut, required=True, allow_none=True)
    cvss = fields.List(fields.Nested(CvssOut), required=True)
    cwes = fields.List(fields.String(), required=True)
    ssvc = fields.Nested(CveSsvcOut, required=True, allow_none=True)
    aliases = fields.List(fields.Nested(AliasEdgeOut), required=True)
