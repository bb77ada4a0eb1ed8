"""Tables of what pipelines are judged by, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class GatePolicy(Model):
    """When a pipeline fails: on how many findings as bad as `fail_on`, new ones or all."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100, unique=True)
    description = fields.TextField(default="")
    fail_on = fields.SmallIntField(default=3)
    only_new = fields.BooleanField(default=True, db_default=True)
    most = fields.IntField(default=0)
    least_coverage = fields.IntField(default=0)
    is_default = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_gate_policy"
        app = "appsec"


class Baseline(Model):
    """The assessment that new findings of a target are told by."""

    target_id = fields.UUIDField(primary_key=True)
    assessment_id = fields.UUIDField()
    set_by = fields.UUIDField()
    set_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_baseline"
        app = "appsec"
