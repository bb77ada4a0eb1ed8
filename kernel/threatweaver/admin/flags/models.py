"""The positions that differ from the declared ones, in the tenant's schema."""

from tortoise import fields

from threatweaver.db.model import Model


class FlagPosition(Model):
    """Where somebody put a flag; a flag without a row stands as declared."""

    name = fields.CharField(max_length=100, primary_key=True)
    enabled = fields.BooleanField()
    changed_at = fields.DatetimeField(auto_now=True)
    changed_by = fields.UUIDField()

    class Meta:
        table = "feature_flag"
        app = "kernel"
