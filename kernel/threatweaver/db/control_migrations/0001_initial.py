from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from threatweaver.ids import uuid7


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="ControlAuditLine",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("actor_id", fields.UUIDField(null=True)),
                ("action", fields.CharField(max_length=120)),
                ("method", fields.CharField(max_length=8)),
                ("path", fields.CharField(max_length=500)),
                ("status", fields.SmallIntField()),
                ("request_id", fields.CharField(max_length=64)),
                ("address", fields.CharField(max_length=64)),
                ("tenant_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "audit_line",
                "app": "control",
                "pk_attr": "id",
                "table_description": "A write in the control schema.",
            },
            bases=["AuditColumns"],
        ),
        ops.CreateModel(
            name="Job",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("user_id", fields.UUIDField(null=True)),
                ("module_id", fields.CharField(null=True, max_length=64)),
                ("kind", fields.CharField(max_length=100)),
                ("payload", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("status", fields.CharField(default="queued", max_length=16)),
                ("progress", fields.SmallIntField(default=0)),
                ("attempts", fields.SmallIntField(default=0)),
                ("queue_id", fields.BigIntField(null=True)),
                ("result", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("error", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("cancel_requested", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "job",
                "app": "control",
                "indexes": [Index(fields=["tenant_id", "created_at"])],
                "pk_attr": "id",
                "table_description": "One piece of background work of one tenant.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="License",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("jti", fields.CharField(max_length=100)),
                ("token", fields.TextField(unique=False)),
                ("imported_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("imported_by", fields.UUIDField(null=True)),
            ],
            options={
                "table": "license",
                "app": "control",
                "pk_attr": "id",
                "table_description": "A license that was imported once; the newest row is the one in force.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Membership",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("user_id", fields.UUIDField()),
                ("tenant_id", fields.UUIDField()),
                ("role", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "membership",
                "app": "control",
                "unique_together": (("user_id", "tenant_id"),),
                "pk_attr": "id",
                "table_description": "A person's place in one tenant, with one role.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Session",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("user_id", fields.UUIDField(db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("refresh_hash", fields.BinaryField()),
                ("previous_hash", fields.BinaryField(null=True)),
                ("user_agent", fields.CharField(default="", max_length=300)),
                ("address", fields.CharField(default="", max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("refreshed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "session",
                "app": "control",
                "pk_attr": "id",
                "table_description": "One sign-in: a family of refresh tokens of which only the newest is good.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Tenant",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("slug", fields.CharField(unique=True, max_length=63)),
                ("name", fields.CharField(max_length=200)),
                ("plan", fields.CharField(default="standard", max_length=32)),
                ("schema", fields.CharField(unique=True, max_length=63)),
                ("schema_version", fields.CharField(default="", max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "tenant",
                "app": "control",
                "pk_attr": "id",
                "table_description": "One customer organization: its schema and its database role carry the same name.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TrustedKey",
            fields=[
                ("kid", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("pem", fields.TextField(unique=False)),
                ("trial_only", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "trusted_key",
                "app": "control",
                "pk_attr": "kid",
                "table_description": "A public key trusted beside the configured ones; the trial's own key is kept here.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("email", fields.CharField(unique=True, max_length=254)),
                ("name", fields.CharField(default="", max_length=200)),
                ("password_hash", fields.CharField(max_length=200)),
                ("is_active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("last_login_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "user_account",
                "app": "control",
                "pk_attr": "id",
                "table_description": "A person, who may belong to several tenants; `email` is stored in lower case.",
            },
            bases=["Model"],
        ),
    ]
