"""Tables of what waits for the click on a link in a mail, in the control schema; tokens are hashed."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class MailLink(Model):
    """A link to reset a password or verify an address; of each kind a person has one at most."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    kind = fields.CharField(max_length=8)  # reset or verify
    user_id = fields.UUIDField()
    token_hash = fields.BinaryField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "mail_link"
        app = "control"
        unique_together = (("user_id", "kind"),)


class Registration(Model):
    """An account that somebody asked for; it comes to be when the address is verified."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField()
    email = fields.CharField(max_length=254, db_index=True)
    name = fields.CharField(max_length=200)
    password_hash = fields.CharField(max_length=200)
    token_hash = fields.BinaryField()
    browser_hash = fields.BinaryField(null=True)  # of the cookie whose browser the password counts from
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "registration"
        app = "control"
        unique_together = (("tenant_id", "email"),)


class Invitation(Model):
    """A place in a tenant that waits for its person."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    tenant_id = fields.UUIDField(db_index=True)
    email = fields.CharField(max_length=254)
    name = fields.CharField(max_length=200, default="")
    role = fields.CharField(max_length=64)
    invited_by = fields.UUIDField(null=True)
    token_hash = fields.BinaryField()
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation"
        app = "control"
