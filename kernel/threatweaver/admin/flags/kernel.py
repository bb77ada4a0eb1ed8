"""The kernel's own feature flags."""

from threatweaver.admin.flags.declaration import FeatureFlag

DAILY_RETENTION = FeatureFlag(
    name="kernel.daily_retention", title="Delete what is older than the retention policy keeps, every day"
)
REJECTED_DATA = FeatureFlag(
    name="kernel.rejected_data", title="Keep the data of rejected records in quarantine, not only the reason"
)
FLAGS = (DAILY_RETENTION, REJECTED_DATA)
