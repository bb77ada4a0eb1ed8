"""Table of what a tenant says about agents, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model


class AgentSetting(Model):
    """Whether an agent runs: off for all scans, or on although it is one that has to be asked for."""

    agent = fields.CharField(max_length=64, primary_key=True)
    enabled = fields.BooleanField()
    updated_by = fields.UUIDField()
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_agent_setting"
        app = "appsec"
