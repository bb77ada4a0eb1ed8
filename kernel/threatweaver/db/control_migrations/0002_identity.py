from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from threatweaver.ids import uuid7


class Migration(migrations.Migration):
    dependencies = [("control", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Mail",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("recipient", fields.CharField(max_length=254)),
                ("content", fields.TextField(unique=False)),
                ("status", fields.CharField(max_length=8)),
                ("attempts", fields.SmallIntField(default=0)),
                ("last_error", fields.CharField(default="", max_length=300)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mail",
                "app": "control",
                "indexes": [
                    Index(fields=["status", "created_at"]),
                    Index(fields=["tenant_id", "created_at"]),
                ],
                "pk_attr": "id",
                "table_description": "One mail to one recipient; `content` is sealed, and emptied once the mail is sent.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Membership",
            name="deactivated_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Membership",
            name="last_used_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AlterModelOptions(
            name="Session",
            options={
                "table": "session",
                "app": "control",
                "pk_attr": "id",
                "table_description": "One sign-in: a family of refresh tokens of which only the newest, whose SHA-256 is kept, is good.",
            },
        ),
        ops.AddField(
            model_name="Session",
            name="idle_expires_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Session",
            name="last_seen_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Session",
            name="method",
            field=fields.CharField(default="password", db_default="password", max_length=16),
        ),
        ops.AddField(
            model_name="Session",
            name="mfa",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.RemoveField(model_name="Session", name="previous_hash"),
        ops.AddField(
            model_name="User",
            name="email_verified_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="User",
            name="mfa_counter",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="User",
            name="mfa_enabled_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="User",
            name="mfa_secret",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name="User",
            name="must_change_password",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="User",
            name="password_changed_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
