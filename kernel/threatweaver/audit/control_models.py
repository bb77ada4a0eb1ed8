"""The audit log of what belongs to no tenant: the operator's commands, strangers at the door."""

from threatweaver.audit.columns import AuditColumns, HeadColumns, RootColumns


class ControlAuditLine(AuditColumns):
    """A write or security event of no tenant's."""

    class Meta:
        table = "audit_line"
        app = "control"


class ControlAuditHead(HeadColumns):
    """The end of control's chain."""

    class Meta:
        table = "audit_head"
        app = "control"


class ControlAuditRoot(RootColumns):
    """A signed end of control's chain."""

    class Meta:
        table = "audit_root"
        app = "control"
