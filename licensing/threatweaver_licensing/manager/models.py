"""The manager's tables. Private keys are in none of them, nor are API tokens."""

from uuid import uuid4

from tortoise import fields
from tortoise.models import Model


class Customer(Model):
    """Whom licenses are issued to, by the name that stands in them."""

    id = fields.UUIDField(primary_key=True, default=uuid4)
    name = fields.CharField(max_length=200, unique=True)
    contact = fields.CharField(max_length=200, default="")
    created_at = fields.DatetimeField()

    class Meta:
        table = "customer"
        app = "manager"


class SigningKey(Model):
    """A public key of the ring: announced first, then the one that signs, then one that has signed."""

    kid = fields.CharField(max_length=16, primary_key=True)
    algorithm = fields.CharField(max_length=8)
    pem = fields.TextField()
    added_at = fields.DatetimeField()
    activated_at = fields.DatetimeField(null=True)
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "signing_key"
        app = "manager"


class License(Model):
    """A license as it was issued. The token is what counts, the columns beside it are for finding it."""

    jti = fields.CharField(max_length=128, primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "manager.Customer", on_delete=fields.RESTRICT
    )
    key: fields.ForeignKeyRelation[SigningKey] = fields.ForeignKeyField(
        "manager.SigningKey", on_delete=fields.RESTRICT
    )
    renews: fields.OneToOneNullableRelation["License"] = fields.OneToOneField(
        "manager.License", null=True, on_delete=fields.RESTRICT
    )
    reference = fields.CharField(max_length=100, null=True, unique=True)
    type = fields.CharField(max_length=16)
    token = fields.TextField()
    issued_at = fields.DatetimeField()
    not_before = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(db_index=True)
    grace_ends_at = fields.DatetimeField()
    issued_by = fields.CharField(max_length=120)

    key_id: str
    renews_id: str | None

    class Meta:
        table = "license"
        app = "manager"


class Revoked(Model):
    """An entry of the revocation list. Its license may have been issued elsewhere."""

    jti = fields.CharField(max_length=128, primary_key=True)
    at = fields.DatetimeField()
    reason = fields.CharField(max_length=200)
    revoked_by = fields.CharField(max_length=120)

    class Meta:
        table = "revoked"
        app = "manager"


class ListIssue(Model):
    """An issue of the revocation list, as it was signed."""

    seq = fields.IntField(primary_key=True, generated=False)
    kid = fields.CharField(max_length=16)
    token = fields.TextField()
    issued_at = fields.DatetimeField()

    class Meta:
        table = "list_issue"
        app = "manager"


class Client(Model):
    """Who may call the API: a name, what it may do, and the hash of its token."""

    id = fields.UUIDField(primary_key=True, default=uuid4)
    name = fields.CharField(max_length=100, unique=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    scopes = fields.CharField(max_length=100)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "client"
        app = "manager"


class AuditLine(Model):
    """A write, chained to the one before. The database refuses to change or delete it."""

    seq = fields.BigIntField(primary_key=True, generated=False)
    at = fields.CharField(max_length=32)
    actor = fields.CharField(max_length=120)
    action = fields.CharField(max_length=40)
    target = fields.CharField(max_length=200)
    details = fields.TextField()
    request_id = fields.CharField(max_length=64)
    address = fields.CharField(max_length=64)
    hash = fields.CharField(max_length=64)

    class Meta:
        table = "audit_line"
        app = "manager"


class Ledger(Model):
    """One row, which every write locks first: writers take turns, and the audit log is one chain."""

    id = fields.IntField(primary_key=True, generated=False)
    writes = fields.BigIntField()
    at = fields.DatetimeField()
    audit_seq = fields.BigIntField()
    audit_hash = fields.CharField(max_length=64)

    class Meta:
        table = "ledger"
        app = "manager"
