"""Tables of how findings are told apart, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model


class IdentityRecipe(Model):
    """A recipe that somebody applied; the last one is active, recipe 1 before the first."""

    id = fields.IntField(primary_key=True)
    recipe = fields.SmallIntField()
    groups = fields.IntField()
    applied_by = fields.UUIDField()
    applied_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exposure_identity_recipe"
        app = "exposure"


class FlawApart(Model):
    """A vulnerability that a person said to be a flaw of its own, whatever recipes say."""

    vulnerability_id = fields.UUIDField(primary_key=True)
    decided_by = fields.UUIDField()
    decided_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "exposure_flaw_apart"
        app = "exposure"
