"""What goes over the wire for /sync."""

from marshmallow import fields, validate

from threatweaver.sdk import SEVERITIES, Schema
from threatweaver_exposure.sync.queries import STATES

_URL = "https://cloud.tenable.com"
_KEY = validate.Regexp(r"\A[A-Za-z0-9_-]{1,256}\Z")
_SHORTEST, _WEEK = 15, 7 * 24 * 60  # minutes


class KeysIn(Schema):
    url = fields.Url(
        load_default=_URL, schemes={"http", "https"}, require_tld=False, validate=validate.Length(max=300)
    )
    access_key = fields.String(validate=_KEY)
    secret_key = fields.String(validate=_KEY)


class SyncConfigIn(KeysIn):
    assets_per_chunk = fields.Integer(strict=True, load_default=100, validate=validate.Range(50, 5000))
    minimum_severity = fields.String(load_default="INFO", validate=validate.OneOf(SEVERITIES))


class SyncConfigOut(Schema):
    configured = fields.Boolean(required=True)
    url = fields.String(required=True, allow_none=True)
    has_keys = fields.Boolean(required=True)
    assets_per_chunk = fields.Integer(required=True, allow_none=True)
    minimum_severity = fields.String(required=True, allow_none=True)
    interval_minutes = fields.Integer(required=True, allow_none=True)
    updated_by = fields.UUID(required=True, allow_none=True)
    updated_at = fields.AwareDateTime(required=True, allow_none=True)


class SyncScheduleIn(Schema):
    interval_minutes = fields.Integer(
        strict=True, required=True, allow_none=True, validate=validate.Range(_SHORTEST, _WEEK)
    )


class SyncScheduleOut(Schema):
    interval_minutes = fields.Integer(required=True, allow_none=True)
    next_at = fields.AwareDateTime(required=True, allow_none=True)


class SyncPositionOut(Schema):
    position = fields.AwareDateTime(required=True, allow_none=True)


class SyncStartIn(Schema):
    full = fields.Boolean(load_default=False)


class SyncTestOut(Schema):
    ok = fields.Boolean(required=True)
    error = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)


class SyncRunOut(Schema):
    id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    full = fields.Boolean(required=True)
    since = fields.AwareDateTime(required=True, allow_none=True)
    created_by = fields.UUID(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    started_at = fields.AwareDateTime(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    duration_seconds = fields.Float(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    message = fields.String(required=True, allow_none=True)
    assets_total = fields.Integer(required=True, allow_none=True)
    findings_total = fields.Integer(required=True, allow_none=True)
    assets_merged = fields.Integer(required=True)
    findings_merged = fields.Integer(required=True)
    records = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    assets = fields.Integer(required=True)
    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    reopened = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    closed = fields.Integer(required=True)


class SyncStatusOut(Schema):
    configured = fields.Boolean(required=True)
    running = fields.Boolean(required=True)
    last_sync_at = fields.AwareDateTime(required=True, allow_none=True)
    next_at = fields.AwareDateTime(required=True, allow_none=True)
    latest = fields.Nested(SyncRunOut, required=True, allow_none=True)


class SyncProgressOut(Schema):
    id = fields.UUID(required=True, allow_none=True)
    state = fields.String(required=True, allow_none=True)
    percent = fields.Float(required=True)
    eta_seconds = fields.Integer(required=True, allow_none=True)
    phase = fields.String(required=True, allow_none=True)
    chunks_merged = fields.Integer(required=True)
    chunks_total = fields.Integer(required=True, allow_none=True)
    records = fields.Integer(required=True)
    refused = fields.Integer(required=True)


class SyncChunkOut(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    export_id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    import_id = fields.UUID(required=True)
    records = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    merged_at = fields.AwareDateTime(required=True)
    reverted_at = fields.AwareDateTime(required=True, allow_none=True)
    created = fields.Integer(required=True, allow_none=True)
    updated = fields.Integer(required=True, allow_none=True)
    reopened = fields.Integer(required=True, allow_none=True)
    unchanged = fields.Integer(required=True, allow_none=True)
    closed = fields.Integer(required=True, allow_none=True)


class SyncRefusalOut(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    chunk = fields.Integer(required=True)
    position = fields.Integer(required=True)
    reason = fields.String(required=True)
    quarantine_id = fields.UUID(required=True)
    merged_at = fields.AwareDateTime(required=True)


class SyncSourceOut(Schema):
    name = fields.String(required=True)
    title = fields.String(required=True)
    format = fields.String(required=True)
    configured = fields.Boolean(required=True)
