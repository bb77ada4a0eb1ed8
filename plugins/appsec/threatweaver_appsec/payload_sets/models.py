"""Table of payload sets, in the tenant's schema."""

from tortoise import fields

from threatweaver.sdk import Model, uuid7
from threatweaver_appsec.fields import texts


class StoredPayloads(Model):
    """Payloads of a kind (engine/payloads.py), tried in this order; `safe` are those that change nothing."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100, unique=True)
    description = fields.TextField(default="")
    kind = fields.CharField(max_length=16)
    payloads = texts()
    size = fields.IntField(default=0)
    safe = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_payload_set"
        app = "appsec"
