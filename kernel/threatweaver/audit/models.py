"""The tenant's audit log."""

from threatweaver.audit.columns import AuditColumns


class AuditLine(AuditColumns):
    """A write inside the tenant; its role may insert and read, never change."""

    class Meta:
        table = "audit_line"
        app = "kernel"
