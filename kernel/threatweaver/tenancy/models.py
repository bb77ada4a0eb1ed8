"""Tables of tenancy, in the control schema."""

from tortoise import fields
from tortoise.models import Model

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

    class Meta:
        table = "tenant"
        app = "control"
