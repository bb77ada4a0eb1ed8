"""The moments at which tenants have something to plan or to send, in the control schema."""

from tortoise import fields

from threatweaver.db.model import Model


class Wake(Model):
    """One such moment; rows are added and taken away, never changed, so that nobody waits for another."""

    id = fields.BigIntField(primary_key=True)
    tenant_id = fields.UUIDField()
    due_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "notification_wake"
        app = "control"
        indexes = (("tenant_id", "due_at"),)
