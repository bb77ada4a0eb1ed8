"""Table of targets, in the tenant's schema."""

import secrets

from tortoise import fields

from threatweaver.sdk import Model, uuid7
from threatweaver_appsec.fields import texts


def new_token() -> str:
    """Return what whoever owns a target publishes there."""
    return secrets.token_hex(16)


class Target(Model):
    """A web application or API that may be scanned once it is verified; no slash ends `base_url`."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    name = fields.CharField(max_length=100)
    description = fields.TextField(default="")
    base_url = fields.CharField(max_length=2000, unique=True)
    origins = texts()
    prefixes = texts()
    exclusions = texts()
    verification_token = fields.CharField(max_length=32, default=new_token)
    verified_at = fields.DatetimeField(null=True)
    verified_by = fields.CharField(max_length=16, null=True)
    checked_at = fields.DatetimeField(null=True)
    check_error = fields.CharField(max_length=300, null=True)
    created_by = fields.UUIDField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "appsec_target"
        app = "appsec"
