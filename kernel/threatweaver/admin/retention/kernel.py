"""The kernel's own classes of data. The audit log is none: it is append-only, and its chain has no gaps."""

from threatweaver.admin.quarantine.service import sweep
from threatweaver.admin.retention.declaration import DataClass

CLASSES = (
    DataClass(
        name="kernel.sessions",
        title="Ended sessions: who was signed in from where",
        table="session",
        age="least(coalesce(revoked_at, expires_at), expires_at)",
        default_days=90,
        shared=True,
    ),
    DataClass(
        name="kernel.jobs",
        title="Finished background jobs with their results",
        table="job",
        age="finished_at",
        where="status IN ('completed', 'failed', 'cancelled')",
        default_days=90,
        minimum_days=7,
        shared=True,
    ),
    DataClass(
        name="kernel.notifications",
        title="The log of delivered and failed notifications",
        table="notification_delivery",
        age="finished_at",
        where="status IN ('sent', 'dead')",
        default_days=90,
        minimum_days=7,
    ),
    DataClass(
        name="kernel.quarantine",
        title="Records that imports refused, with their data",
        table="quarantine",
        age="rejected_at",
        default_days=30,
        removed=sweep,
    ),
)
