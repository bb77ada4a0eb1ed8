"""Table of suppressions, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class Suppression(Model):
    """Findings that this describes do not count; what is empty fits all. `place` is a shell pattern."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100)
    reason = fields.TextField()
    target_id = fields.UUIDField(null=True)
    agent = fields.CharField(max_length=64, default="")
    cwe = fields.IntField(null=True)
    place = fields.CharField(max_length=500, default="")
    parameter = fields.CharField(max_length=300, default="")
    worst = fields.SmallIntField(default=4)
    expires_at = fields.DatetimeField(null=True)
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_suppression"
        app = "appsec"
