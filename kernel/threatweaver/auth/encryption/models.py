"""Tables of password encryption, in the control schema."""

from typing import Any

from tortoise import fields

from threatweaver.db.model import Model


class EncryptionKey(Model):
    """A day's key pair: the public JWK, and the private one sealed."""

    kid = fields.CharField(max_length=64, primary_key=True)
    public_jwk = fields.JSONField[dict[str, Any]]()
    private_jwk = fields.TextField()
    expires_at = fields.DatetimeField(db_index=True)  # it is handed out until then, and honored a day longer

    class Meta:
        table = "encryption_key"
        app = "control"


class SpentNonce(Model):
    """A nonce that came with an encrypted password; `key` is the SHA-256 of it and its key's id."""

    key = fields.CharField(max_length=64, primary_key=True)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "spent_nonce"
        app = "control"
