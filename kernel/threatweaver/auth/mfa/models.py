"""Tables of the second factor, in the control schema; the secret itself is a sealed column of the user."""

from tortoise import fields

from threatweaver.db.model import Model
from threatweaver.ids import uuid7


class RecoveryCode(Model):
    """The SHA-256 of a code that replaces the authenticator once; gone when it is used."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    user_id = fields.UUIDField(db_index=True)
    code_hash = fields.BinaryField()

    class Meta:
        table = "mfa_recovery_code"
        app = "control"
