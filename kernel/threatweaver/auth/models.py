"""Tables of identity, in the control schema."""

from tortoise import fields

from threatweaver.db.model import Model
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
    email_verified_at = fields.DatetimeField(null=True)
    # the first proof of any address of theirs, which a change of address does not undo
    mailbox_proven_at = fields.DatetimeField(null=True)
    password_changed_at = fields.DatetimeField(null=True)
    must_change_password = fields.BooleanField(default=False, db_default=False)
    mfa_secret = fields.TextField(null=True)  # sealed; counts only once mfa_enabled_at is set
    mfa_enabled_at = fields.DatetimeField(null=True)
    mfa_counter = fields.BigIntField(null=True)  # time step of the last code taken: none is taken twice

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
    last_used_at = fields.DatetimeField(null=True)
    deactivated_at = fields.DatetimeField(null=True)
    # keeps the password where single sign-on is required, and the role whatever a directory says
    break_glass = fields.BooleanField(default=False, db_default=False)
    # made, account and all, by the tenant's directory, which may therefore readdress it
    provisioned = fields.BooleanField(default=False, db_default=False)

    class Meta:
        table = "membership"
        app = "control"
        unique_together = (("user_id", "tenant_id"),)
        indexes = (("tenant_id",),)


class Session(Model):
    """One sign-in: a family of refresh tokens of which only the newest, whose SHA-256 is kept, is good."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_id = fields.UUIDField(db_index=True)
    tenant_id = fields.UUIDField()
    refresh_hash = fields.BinaryField()
    method = fields.CharField(max_length=16, default="password", db_default="password")
    mfa = fields.BooleanField(default=False, db_default=False)
    user_agent = fields.CharField(max_length=300, default="")
    address = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField(auto_now_add=True)  # of the sign-in: a change of tenant keeps it
    refreshed_at = fields.DatetimeField(null=True)
    last_seen_at = fields.DatetimeField(null=True)
    idle_expires_at = fields.DatetimeField(null=True)  # moved on with every use, a minute at a time
    expires_at = fields.DatetimeField(db_index=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"
        app = "control"
