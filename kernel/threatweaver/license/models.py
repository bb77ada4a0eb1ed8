"""Tables of licensing, in the control schema."""

from tortoise import fields
from tortoise.models import Model

from threatweaver.ids import uuid7


class License(Model):
    """A license that was imported once; the newest row is the one in force."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    jti = fields.CharField(max_length=100)
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
