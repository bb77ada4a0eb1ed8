"""The ring: data keys, each wrapped by a key derived from the deployment's master secret."""

from tortoise import fields

from threatweaver.db.model import Model


class SecretKey(Model):
    """A key that seals from `seals_from` until the next one does, and opens until it is retired.

    Key 0 is derived from the master and has no row until it is retired. A retired key's bytes are gone.
    """

    id = fields.IntField(primary_key=True, generated=False)
    wrapped = fields.TextField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    seals_from = fields.DatetimeField()
    resealed_at = fields.DatetimeField(null=True)  # everything older was found sealed with this key
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "secret_key"
        app = "control"
