"""Table of saved filters, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class SavedFilter(Model):
    """Parameters of a list under a name, of one person; `query` is as an address has it, names and texts.

    With an `alert` people are told when an import brings what a shared one of vulnerabilities chooses.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    owner_id = fields.UUIDField()
    name = fields.CharField(max_length=100)
    resource = fields.CharField(max_length=32)
    query: fields.JSONField[dict[str, str]] = fields.JSONField()
    shared = fields.BooleanField(default=False, db_default=False)
    alert = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "exposure_saved_filter"
        app = "exposure"
        unique_together = (("owner_id", "name"),)
