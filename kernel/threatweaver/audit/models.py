"""The tenant's audit log."""

from threatweaver.audit.columns import AuditColumns, HeadColumns, RootColumns


class AuditLine(AuditColumns):
    """A write or security event of the tenant's; its role may read lines, never touch one."""

    class Meta:
        table = "audit_line"
        app = "kernel"


class AuditHead(HeadColumns):
    """The end of the tenant's chain."""

    class Meta:
        table = "audit_head"
        app = "kernel"


class AuditRoot(RootColumns):
    """A signed end of the tenant's chain."""

    class Meta:
        table = "audit_root"
        app = "kernel"
