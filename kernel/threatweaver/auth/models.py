"""Tables of identity, in the control schema."""

from tortoise import fields
from tortoise.models import Model

from threatweaver.ids import uuid7


class User(Model):
    """A person, who may belong to several tenants; `email` is stored in lower case."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    email = fields.CharField(max_length=254, unique=True)
    name = fields.CharField(max_length=200, default="")
    password_hash = fields.CharField(max_length=200)
    is_active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    last_login_at = fields.DatetimeField(null=True)

    class Meta:
        table = "user_account"
        app = "control"


class Membership(Model):
    """A person's place in one tenant, with one role."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_id = fields.UUIDField()
    tenant_id = fields.UUIDField()
    role = fields.CharField(max_length=64)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "membership"
        app = "control"
        unique_together = (("user_id", "tenant_id"),)


class Session(Model):
    """One sign-in: a family of refresh tokens of which only the newest is good.

    `refresh_hash` is the SHA-256 of that token; `previous_hash` recognizes the replay of an older one.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_id = fields.UUIDField(db_index=True)
    tenant_id = fields.UUIDField()
    refresh_hash = fields.BinaryField()
    previous_hash = fields.BinaryField(null=True)
    user_agent = fields.CharField(max_length=300, default="")
    address = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    refreshed_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"
        app = "control"
