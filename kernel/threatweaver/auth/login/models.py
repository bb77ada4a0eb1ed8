"""Sign-ins under way, in the control schema."""

from tortoise import fields

from threatweaver.db.model import Model


class LoginStep(Model):
    """A sign-in that waits for its second factor or for the choice of a tenant; gone once it goes on."""

    id = fields.UUIDField(primary_key=True)
    token_hash = fields.BinaryField()
    awaits = fields.CharField(max_length=8)  # mfa or tenant
    user_id = fields.UUIDField(db_index=True)
    tenant_id = fields.UUIDField(null=True)  # where it must end, when that is decided
    method = fields.CharField(max_length=16)
    choose = fields.BooleanField()  # the person asked to be asked for the tenant
    mfa = fields.BooleanField()
    attempts = fields.SmallIntField(default=0)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "login_step"
        app = "control"
