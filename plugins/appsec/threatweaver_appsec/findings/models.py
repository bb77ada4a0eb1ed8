"""Tables of findings, in the tenant's schema."""

from typing import Any

from tortoise import fields

from threatweaver.sdk import Model, uuid7

OPEN, IN_PROGRESS, FIXED = "open", "in_progress", "fixed"
ACCEPTED, FALSE_POSITIVE, DUPLICATE = "accepted", "false_positive", "duplicate"
STATUSES = (OPEN, IN_PROGRESS, FIXED, ACCEPTED, FALSE_POSITIVE, DUPLICATE)
ACTIVE = (OPEN, IN_PROGRESS)


class AppsecFinding(Model):
    """One weakness at one place of a target; a scan that sees it again finds it by its fingerprint.

    `severity` is what counts, `severity_found` what the agent said. `place` is method and path template.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    target_id = fields.UUIDField()
    fingerprint = fields.CharField(max_length=64)
    agent = fields.CharField(max_length=64)
    title = fields.CharField(max_length=300)
    severity = fields.SmallIntField()
    severity_found = fields.SmallIntField()
    confidence = fields.FloatField(null=True)
    status = fields.CharField(max_length=16, default=OPEN)
    suppressed = fields.BooleanField(default=False, db_default=False)
    manual = fields.BooleanField(default=False, db_default=False)
    cwe = fields.IntField(null=True)
    owasp = fields.CharField(max_length=16, default="")
    method = fields.CharField(max_length=20, default="")
    url = fields.TextField(default="")
    place = fields.TextField(default="")
    parameter = fields.CharField(max_length=300, default="")
    says = fields.TextField(default="")
    description = fields.TextField(default="")
    remedy = fields.TextField(default="")
    assignee_id = fields.UUIDField(null=True)
    accepted_until = fields.DatetimeField(null=True)
    accepted_by = fields.UUIDField(null=True)
    reason = fields.TextField(default="")
    duplicate_of = fields.UUIDField(null=True)
    first_assessment_id = fields.UUIDField(null=True)
    last_assessment_id = fields.UUIDField(null=True)
    times_seen = fields.IntField(default=1)
    first_seen = fields.DatetimeField()
    last_seen = fields.DatetimeField()
    fixed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_finding"
        app = "appsec"
        unique_together = (("target_id", "fingerprint"),)
        indexes = (("status", "severity"), ("last_seen",))


class AppsecEvidence(Model):
    """The newest proof of a finding, as the engine wrote it (engine/findings.py, `to_record`)."""

    finding_id = fields.UUIDField(primary_key=True)
    assessment_id = fields.UUIDField(null=True)
    record: fields.JSONField[dict[str, Any]] = fields.JSONField()
    at = fields.DatetimeField()

    class Meta:
        table = "appsec_evidence"
        app = "appsec"


class AppsecSighting(Model):
    """An assessment saw a finding."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    finding_id = fields.UUIDField()
    assessment_id = fields.UUIDField(db_index=True)
    created = fields.BooleanField()
    at = fields.DatetimeField()

    class Meta:
        table = "appsec_sighting"
        app = "appsec"
        unique_together = (("finding_id", "assessment_id"),)


class AppsecFindingEvent(Model):
    """Something happened to a finding: by whom, or by which assessment."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    finding_id = fields.UUIDField(db_index=True)
    at = fields.DatetimeField()
    action = fields.CharField(max_length=32)
    actor_id = fields.UUIDField(null=True)
    assessment_id = fields.UUIDField(null=True)
    before = fields.TextField(null=True)
    after = fields.TextField(null=True)

    class Meta:
        table = "appsec_finding_event"
        app = "appsec"


class AppsecComment(Model):
    """What somebody says about a finding."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    finding_id = fields.UUIDField(db_index=True)
    author_id = fields.UUIDField()
    text = fields.TextField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_comment"
        app = "appsec"
