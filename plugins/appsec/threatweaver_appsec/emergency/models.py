"""Table of the emergency stop, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model


class EmergencyStop(Model):
    """All scans are stopped and none begins. At most one row, id 1; none: scans may run."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    reason = fields.TextField(default="")
    pulled_by = fields.UUIDField()
    pulled_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "appsec_emergency_stop"
        app = "appsec"
