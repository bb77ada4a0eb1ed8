"""Tables of notes, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class Note(Model):
    """Something worth remembering."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    title = fields.CharField(max_length=200)
    finished_at = fields.DatetimeField(null=True)
    filed_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "template_note"
        app = "template"
