"""Table of authentication profiles, in the tenant's schema."""

from typing import Any

from tortoise import fields

from threatweaver.sdk import Model, uuid7


class AuthProfile(Model):
    """How a scan signs in as somebody. `settings` is no secret; `sealed_secrets` is sealed JSON."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    target_id = fields.UUIDField()
    name = fields.CharField(max_length=100)
    kind = fields.CharField(max_length=16)
    username = fields.CharField(max_length=300, default="")
    settings: fields.JSONField[dict[str, Any]] = fields.JSONField(default=dict)
    sealed_secrets = fields.TextField()
    tested_at = fields.DatetimeField(null=True)
    test_ok = fields.BooleanField(null=True)
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_auth_profile"
        app = "appsec"
        unique_together = (("target_id", "name"),)
