"""The columns of an audit line, the same in the tenant's and in the control schema."""

from tortoise import fields
from tortoise.models import Model


class AuditColumns(Model):
    """Who did what, from where, with which outcome; rows are only ever added."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField(auto_now_add=True)
    actor_id = fields.UUIDField(null=True)
    action = fields.CharField(max_length=120)
    method = fields.CharField(max_length=8)
    path = fields.CharField(max_length=500)
    status = fields.SmallIntField()
    request_id = fields.CharField(max_length=64)
    address = fields.CharField(max_length=64)

    class Meta:
        abstract = True
