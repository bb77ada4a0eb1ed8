"""Tables of modules, in the control schema."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class ModuleSwitch(Model):
    """A module that an operator switched off, whatever the license says."""

    module_id = fields.CharField(max_length=64, primary_key=True)
    reason = fields.CharField(max_length=500, default="")
    disabled_at = fields.DatetimeField(auto_now_add=True)
    disabled_by = fields.UUIDField(null=True)

    class Meta:
        table = "module_switch"
        app = "control"


class TenantModule(Model):
    """A module that a tenant may not use though it runs."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    module_id = fields.CharField(max_length=64)
    denied_at = fields.DatetimeField(auto_now_add=True)
    denied_by = fields.UUIDField(null=True)

    class Meta:
        table = "tenant_module"
        app = "control"
        unique_together = (("tenant_id", "module_id"),)


class TenantApp(Model):
    """How far the tables of a plugin, or of the kernel, are in a tenant; `error` is of the last try."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    app = fields.CharField(max_length=64)
    version = fields.CharField(max_length=64, default="")
    error = fields.CharField(max_length=1000, null=True)
    tried_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "tenant_app"
        app = "control"
        unique_together = (("tenant_id", "app"),)
