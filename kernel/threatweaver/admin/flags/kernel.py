"""The kernel's own feature flags."""

from threatweaver.admin.flags.declaration import FeatureFlag

DAILY_RETENTION = FeatureFlag(
    name="kernel.daily_retention", title="Delete what is older than the retention policy keeps, every day"
)
FLAGS = (DAILY_RETENTION,)
