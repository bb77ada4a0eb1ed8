"""Table of templates, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class CheckTemplate(Model):
    """A check of one's own; `source` is its YAML, `key` the id that it has in there."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    key = fields.CharField(max_length=56, unique=True)
    name = fields.CharField(max_length=200)
    severity = fields.CharField(max_length=8)
    source = fields.TextField()
    enabled = fields.BooleanField(default=True, db_default=True)
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_template"
        app = "appsec"
