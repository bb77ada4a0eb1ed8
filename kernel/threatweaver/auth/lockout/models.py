"""Tables of the lockout, in the control schema."""

from tortoise import fields

from threatweaver.db.model import Model


class SignInFailure(Model):
    """Attempts on one account from one source since its last good one; `key` is their SHA-256."""

    key = fields.CharField(max_length=64, primary_key=True)
    failures = fields.IntField()
    blocked_until = fields.DatetimeField()
    last_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "sign_in_failure"
        app = "control"


class FamiliarSource(Model):
    """A device or network from which somebody has signed in to an account; `key` is their SHA-256."""

    key = fields.CharField(max_length=64, primary_key=True)
    user_id = fields.UUIDField(db_index=True)
    last_seen_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "familiar_source"
        app = "control"
