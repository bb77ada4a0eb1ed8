"""The tables of an audit log, the same in each tenant's schema and in control (docs/adr/0013).

They are written by the SQL function `audit_append` alone (audit/ddl.py); nothing updates or deletes a line.
"""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from threatweaver.ids import uuid7


class AuditColumns(Model):
    """Who did what, from where, with which outcome. `id` counts from 1 without a gap."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField(auto_now_add=True)
    actor_id = fields.UUIDField(null=True)
    actor_email = fields.CharField(max_length=254, null=True)  # as of then
    token_id = fields.UUIDField(null=True)  # the API token that acted for the actor
    via = fields.CharField(max_length=16, db_default="")  # password, saml, oidc, ldap, token, job, cli
    action = fields.CharField(max_length=120)
    target = fields.CharField(max_length=200, db_default="")
    outcome = fields.CharField(max_length=16, db_default="success")
    method = fields.CharField(max_length=8)
    path = fields.CharField(max_length=500)
    status = fields.SmallIntField()
    request_id = fields.CharField(max_length=64)
    address = fields.CharField(max_length=64)
    user_agent = fields.CharField(max_length=300, db_default="")
    before = fields.JSONField[Any](null=True)
    after = fields.JSONField[Any](null=True)
    # SHA-256 of the previous line's hash and this line's columns; the migration makes it NOT NULL
    hash = fields.BinaryField(null=True)

    class Meta:
        abstract = True


class HeadColumns(Model):
    """One row: the end of the chain. Its lock puts concurrent writers in a row."""

    id = fields.SmallIntField(primary_key=True, generated=False)
    seq = fields.BigIntField()
    hash = fields.BinaryField()

    class Meta:
        abstract = True


class RootColumns(Model):
    """The end of the chain at a moment, signed with the deployment's key."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    at = fields.DatetimeField(db_index=True)
    seq = fields.BigIntField()
    hash = fields.BinaryField()
    key_id = fields.CharField(max_length=16)
    signature = fields.BinaryField()

    class Meta:
        abstract = True
