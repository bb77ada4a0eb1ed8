"""Tables of licensing, in the control schema."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class License(Model):
    """A license that was imported once; the newest row is the one in force."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    jti = fields.CharField(max_length=128)
    token = fields.TextField()
    imported_at = fields.DatetimeField(auto_now_add=True)
    imported_by = fields.UUIDField(null=True)

    class Meta:
        table = "license"
        app = "control"


class TrustedKey(Model):
    """A public key trusted beside the configured ones; the trial's own key is kept here."""

    kid = fields.CharField(max_length=64, primary_key=True)
    pem = fields.TextField()
    trial_only = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "trusted_key"
        app = "control"


class Revocations(Model):
    """A list of revoked licenses that was imported once; the one with the highest `seq` is in force."""

    seq = fields.BigIntField(primary_key=True, generated=False)
    token = fields.TextField()
    imported_at = fields.DatetimeField(auto_now_add=True)
    imported_by = fields.UUIDField(null=True)

    class Meta:
        table = "license_revocations"
        app = "control"


class LicenseEvent(Model):
    """Something that happened to the license: an import, a refusal, a change of its state."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    at = fields.DatetimeField(auto_now_add=True, db_index=True)
    kind = fields.CharField(max_length=32)
    jti = fields.CharField(max_length=128, null=True)
    actor_id = fields.UUIDField(null=True)
    details: fields.JSONField[dict[str, object]] = fields.JSONField()

    class Meta:
        table = "license_event"
        app = "control"


class LicenseWatch(Model):
    """The one row of what the worker saw last: the latest time, and the license's state."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    latest_at = fields.DatetimeField()
    jti = fields.CharField(max_length=128, null=True)
    state = fields.CharField(max_length=16)

    class Meta:
        table = "license_watch"
        app = "control"
