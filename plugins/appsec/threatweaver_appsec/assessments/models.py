"""Tables of assessments, in the tenant's schema."""

from typing import Any

from tortoise import fields

from threatweaver.sdk import Model, uuid7
from threatweaver_appsec.fields import ids

DRAFT, QUEUED, PAUSED = "draft", "queued", "paused"
PHASES = ("profiling", "planning", "attacking", "validating", "chaining")
COMPLETED, FAILED, CANCELLED, INCONCLUSIVE = "completed", "failed", "cancelled", "inconclusive"
OVER = (COMPLETED, FAILED, CANCELLED, INCONCLUSIVE)
STATES = (DRAFT, QUEUED, *PHASES, PAUSED, *OVER)


class Assessment(Model):
    """One scan of a target: `draft` until it is launched; each launch of it begins anew.

    `options` is the scan profile as it was at the launch. `counts` are findings by severity, INFO first.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=200)
    description = fields.TextField(default="")
    target_id = fields.UUIDField()
    profile = fields.CharField(max_length=100, default="quick")
    auth_profile_ids = ids()
    branch = fields.CharField(max_length=200, default="")
    commit = fields.CharField(max_length=64, default="")
    policy_id = fields.UUIDField(null=True)
    source = fields.CharField(max_length=16, default="user")
    state = fields.CharField(max_length=16, default=DRAFT)
    percent = fields.FloatField(default=0.0)
    reason = fields.CharField(max_length=64, null=True)
    message = fields.CharField(max_length=500, null=True)
    options: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    stop_requested = fields.BooleanField(default=False, db_default=False)
    pause_requested = fields.BooleanField(default=False, db_default=False)
    requests = fields.IntField(default=0)
    operations = fields.IntField(default=0)
    found = fields.IntField(default=0)
    created = fields.IntField(default=0)
    closed = fields.IntField(default=0)
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    queued_at = fields.DatetimeField(null=True)
    started_at = fields.DatetimeField(null=True)
    touched_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "appsec_assessment"
        app = "appsec"
        indexes = (("target_id", "created_at"), ("state",))


class AssessmentEvent(Model):
    """Something a scan told while it ran: a phase, an agent, a finding; `number` is its position."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    assessment_id = fields.UUIDField()
    number = fields.IntField()
    at = fields.DatetimeField()
    kind = fields.CharField(max_length=32)
    data: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)

    class Meta:
        table = "appsec_assessment_event"
        app = "appsec"
        unique_together = (("assessment_id", "number"),)


class Coverage(Model):
    """What was tested, or not and why: a place (`agent` is empty) or an agent (`place` is)."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    assessment_id = fields.UUIDField()
    agent = fields.CharField(max_length=64)
    place = fields.TextField()
    tested = fields.BooleanField()
    reason = fields.CharField(max_length=300, default="")

    class Meta:
        table = "appsec_coverage"
        app = "appsec"
        indexes = (("assessment_id", "agent"),)


class SiteOperation(Model):
    """One thing that discovery found a target can be asked."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    assessment_id = fields.UUIDField(db_index=True)
    method = fields.CharField(max_length=20)
    url = fields.TextField()
    source = fields.CharField(max_length=16)
    page = fields.TextField(default="")
    status = fields.IntField(default=0)
    writes = fields.BooleanField(default=False)

    class Meta:
        table = "appsec_operation"
        app = "appsec"


class RequestLine(Model):
    """A line of the requests' log."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    assessment_id = fields.UUIDField()
    number = fields.IntField()
    at = fields.DatetimeField()
    method = fields.CharField(max_length=20)
    url = fields.TextField()
    status = fields.IntField()
    seconds = fields.FloatField()
    bytes = fields.BigIntField()
    identity = fields.CharField(max_length=100, default="")
    agent = fields.CharField(max_length=64, default="")
    fault = fields.CharField(max_length=32, default="")
    why = fields.CharField(max_length=300, default="")

    class Meta:
        table = "appsec_request"
        app = "appsec"
        unique_together = (("assessment_id", "number"),)


class Chain(Model):
    """Findings that together are worse than each of them."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    assessment_id = fields.UUIDField(db_index=True)
    title = fields.CharField(max_length=300)
    severity = fields.SmallIntField()
    story = fields.TextField(default="")
    finding_ids = ids()

    class Meta:
        table = "appsec_chain"
        app = "appsec"


class Checkpoint(Model):
    """A record of what a scan remembers (engine/checkpoint.py), in their order; gone when it is over."""

    id = fields.BigIntField(primary_key=True, generated=True)
    assessment_id = fields.UUIDField(db_index=True)
    record: fields.JSONField[dict[str, Any]] = fields.JSONField()

    class Meta:
        table = "appsec_checkpoint"
        app = "appsec"
