"""Tables of tenancy, in the control schema."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class Tenant(Model):
    """One customer organization: its schema and its database role carry the same name."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    slug = fields.CharField(max_length=63, unique=True)
    name = fields.CharField(max_length=200)
    plan = fields.CharField(max_length=32, default="standard")
    schema = fields.CharField(max_length=63, unique=True)
    schema_version = fields.CharField(max_length=64, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    suspended_at = fields.DatetimeField(null=True)
    suspended_reason = fields.CharField(max_length=500, default="", db_default="")

    class Meta:
        table = "tenant"
        app = "control"


class NetworkRule(Model):
    """A line of a tenant's allow or block list; `range` is a network in canonical form."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    kind = fields.CharField(max_length=5)
    range = fields.CharField(max_length=49)
    reason = fields.CharField(max_length=500, default="")
    expires_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    created_by = fields.UUIDField()

    class Meta:
        table = "network_rule"
        app = "control"
        unique_together = (("tenant_id", "kind", "range"),)


class PlatformOperator(Model):
    """A person who operates the installation, when signed in to this tenant; written by commands alone."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_id = fields.UUIDField()
    tenant_id = fields.UUIDField()
    granted_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "platform_operator"
        app = "control"
        unique_together = (("user_id", "tenant_id"),)
