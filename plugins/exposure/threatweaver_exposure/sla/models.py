"""The policy's table, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model


class SlaPolicy(Model):
    """In how many days what is found has to be fixed, by severity; null is never. At most one row, id 1."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    critical = fields.IntField(null=True)
    high = fields.IntField(null=True)
    medium = fields.IntField(null=True)
    low = fields.IntField(null=True)
    info = fields.IntField(null=True)
    updated_by = fields.UUIDField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "exposure_sla_policy"
        app = "exposure"
