"""Answers that were given, in the control schema, for a day."""

from tortoise import fields

from threatweaver.db.model import Model


class IdempotentAnswer(Model):
    """The answer to the first request with a key; without `status` that request has not ended.

    `id` is the SHA-256 of tenant, user and key, `fingerprint` that of method, path and
    body; `body` is sealed.
    """

    id = fields.CharField(max_length=64, primary_key=True)
    fingerprint = fields.CharField(max_length=64)
    status = fields.SmallIntField(null=True)
    content_type = fields.CharField(max_length=100, default="")
    location = fields.CharField(max_length=2000, default="")
    body = fields.TextField(null=True)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "idempotent_answer"
        app = "control"
