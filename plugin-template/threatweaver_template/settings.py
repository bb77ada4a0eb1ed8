"""Settings of template, for its operator: TW_TEMPLATE_<NAME>."""

from threatweaver.sdk import Setting

KEEP_DAYS = Setting(
    name="keep_days", default=90, minimum=1, title="Days after which finished notes are deleted"
)
