"""The audit log of what happens outside a tenant's schema: sign-ins, the license, jobs."""

from tortoise import fields

from threatweaver.audit.columns import AuditColumns


class ControlAuditLine(AuditColumns):
    """A write in the control schema."""

    tenant_id = fields.UUIDField(null=True)

    class Meta:
        table = "audit_line"
        app = "control"
