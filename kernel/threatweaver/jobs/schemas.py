"""What goes over the wire for /jobs."""

from marshmallow import fields, validate

from threatweaver.http.schema import CommaSeparated, Schema
from threatweaver.jobs.models import Status

_STATUSES = [item.value for item in Status]


class JobOut(Schema):
    job_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    progress = fields.Integer(required=True, validate=validate.Range(0, 100))
    status_url = fields.String(required=True)
    attempts = fields.Integer()
    created_at = fields.AwareDateTime()
    started_at = fields.AwareDateTime(allow_none=True)
    finished_at = fields.AwareDateTime(allow_none=True)
    result = fields.Dict()
    error = fields.Dict()


class JobQuery(Schema):
    status = CommaSeparated(fields.String(validate=validate.OneOf(_STATUSES)))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 1_000_000))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 500))
