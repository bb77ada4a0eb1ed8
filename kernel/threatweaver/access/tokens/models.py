"""The table of API tokens, in the control schema: a token is looked up before its tenant is known."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class ApiToken(Model):
    """A token of one person in one tenant.

    `hash` is the hexadecimal SHA-256 of the secret, `previous_hash` that of the rotated one, which is
    good until `previous_until`. `scopes` are permission names, `addresses` CIDRs; no address means any.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_id = fields.UUIDField()
    tenant_id = fields.UUIDField()
    name = fields.CharField(max_length=100)
    prefix = fields.CharField(max_length=16)
    hash = fields.CharField(max_length=64, unique=True)
    previous_hash = fields.CharField(max_length=64, unique=True, null=True)
    previous_until = fields.DatetimeField(null=True)
    scopes = ArrayField("text", default=list)
    addresses = ArrayField("text", default=list)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)
    last_used_address = fields.CharField(max_length=64, null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"
        app = "control"
        indexes = (("tenant_id", "user_id"),)
