from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from threatweaver.ids import uuid7


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_uuid7")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Archive",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("data_class", fields.CharField(max_length=100)),
                ("before", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("rows", fields.BigIntField()),
                ("bytes", fields.BigIntField()),
                ("sha256", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("created_by", fields.UUIDField()),
                ("restored_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "archive",
                "app": "kernel",
                "indexes": [Index(fields=["created_at"])],
                "pk_attr": "id",
                "table_description": "One file: the rows of one class of data that were older than a moment.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditHead",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("seq", fields.BigIntField()),
                ("hash", fields.BinaryField()),
            ],
            options={
                "table": "audit_head",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "The end of the tenant's chain.",
            },
            bases=["HeadColumns"],
        ),
        ops.CreateModel(
            name="AuditRoot",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("seq", fields.BigIntField()),
                ("hash", fields.BinaryField()),
                ("key_id", fields.CharField(max_length=16)),
                ("signature", fields.BinaryField()),
            ],
            options={
                "table": "audit_root",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "A signed end of the tenant's chain.",
            },
            bases=["RootColumns"],
        ),
        ops.CreateModel(
            name="Channel",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("kind", fields.CharField(max_length=8)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("enabled", fields.BooleanField(default=True)),
                ("events", ArrayField(default=list, element_type="TEXT")),
                ("minimum_severity", fields.SmallIntField(default=0)),
                ("recipients", ArrayField(default=list, element_type="TEXT")),
                ("url", fields.TextField(default="", unique=False)),
                ("host", fields.CharField(default="", max_length=300)),
                ("secret", fields.TextField(default="", unique=False)),
                ("old_secret", fields.TextField(default="", unique=False)),
                ("old_secret_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("lost", fields.IntField(default=0)),
                ("disabled_reason", fields.CharField(default="", max_length=300)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "notification_channel",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "One channel; no `events` means all. `url` and the signing secrets are sealed: an URL may hold a token.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CustomRole",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=64)),
                ("title", fields.CharField(max_length=100)),
                ("description", fields.CharField(default="", max_length=1000)),
                ("permissions", ArrayField(default=list, element_type="TEXT")),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "access_role",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "A role that the tenant made; memberships and grants refer to it by name, which never changes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Delivery",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("event_id", fields.UUIDField()),
                ("channel_id", fields.UUIDField(null=True)),
                ("user_id", fields.UUIDField(null=True)),
                ("status", fields.CharField(default="queued", max_length=8)),
                ("attempts", fields.SmallIntField(default=0)),
                ("planned_for", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("response_code", fields.SmallIntField(null=True)),
                ("last_error", fields.CharField(default="", max_length=300)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notification_delivery",
                "app": "kernel",
                "unique_together": (("event_id", "channel_id"), ("event_id", "user_id")),
                "indexes": [
                    Index(fields=["status", "due_at"]),
                    Index(fields=["created_at"]),
                    Index(fields=["channel_id", "created_at"]),
                    Index(fields=["user_id", "planned_for"]),
                ],
                "pk_attr": "id",
                "table_description": "One event for one channel or one person.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Event",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=100)),
                ("title", fields.CharField(max_length=300)),
                ("severity", fields.SmallIntField()),
                ("link", fields.CharField(max_length=500)),
                ("data", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("key", fields.CharField(max_length=200)),
                ("user_id", fields.UUIDField(null=True)),
                ("status", fields.CharField(default="pending", max_length=10)),
                ("occurred_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "notification_event",
                "app": "kernel",
                "indexes": [
                    Index(fields=["status", "occurred_at"]),
                    Index(fields=["name", "key", "occurred_at"]),
                ],
                "pk_attr": "id",
                "table_description": "One event; `user_id` says whom alone it concerns, `key` what makes another one the same again.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FlagPosition",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=100)),
                ("enabled", fields.BooleanField()),
                ("changed_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("changed_by", fields.UUIDField()),
            ],
            options={
                "table": "feature_flag",
                "app": "kernel",
                "pk_attr": "name",
                "table_description": "Where somebody put a flag; a flag without a row stands as declared.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Preference",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("user_id", fields.UUIDField()),
                ("event", fields.CharField(max_length=100)),
                ("mode", fields.CharField(max_length=10)),
            ],
            options={
                "table": "notification_preference",
                "app": "kernel",
                "unique_together": (("user_id", "event"),),
                "pk_attr": "id",
                "table_description": "How one person hears of one event, by mail.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Quarantined",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("source", fields.CharField(max_length=100)),
                ("code", fields.CharField(max_length=100)),
                ("message", fields.CharField(max_length=2000)),
                ("line", fields.BigIntField(null=True)),
                ("name", fields.CharField(max_length=200)),
                ("size", fields.BigIntField()),
                ("sha256", fields.CharField(max_length=64)),
                ("stored_bytes", fields.BigIntField(default=0)),
                ("times", fields.IntField(default=1)),
                ("job_id", fields.UUIDField()),
                ("rejected_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "quarantine",
                "app": "kernel",
                "unique_together": (("source", "sha256"),),
                "indexes": [Index(fields=["rejected_at"])],
                "pk_attr": "id",
                "table_description": "One refused record. The same data from the same source is one record, however often it comes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RetentionRule",
            fields=[
                (
                    "data_class",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=100),
                ),
                ("days", fields.IntField(null=True)),
            ],
            options={
                "table": "retention_rule",
                "app": "kernel",
                "pk_attr": "data_class",
                "table_description": "How many days a class of data is kept, None for ever; a class without a row is kept as declared.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RetentionRun",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("started_by", fields.UUIDField(null=True)),
                ("finished_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("removed", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "retention_run",
                "app": "kernel",
                "indexes": [Index(fields=["finished_at"])],
                "pk_attr": "id",
                "table_description": "One run: `removed` is class → rows. `started_by` None is the daily one.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Schedule",
            fields=[
                ("user_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("time_zone", fields.CharField(default="UTC", max_length=64)),
                ("weekly", fields.BooleanField(default=False)),
                ("digest_hour", fields.SmallIntField(default=8)),
                ("digest_weekday", fields.SmallIntField(default=1)),
                ("quiet_from", fields.CharField(null=True, max_length=5)),
                ("quiet_until", fields.CharField(null=True, max_length=5)),
            ],
            options={
                "table": "notification_schedule",
                "app": "kernel",
                "pk_attr": "user_id",
                "table_description": "When one person hears: the hour of their digest, and their quiet hours (HH:MM), in their time zone.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SettingsVersion",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("version", fields.IntField(unique=True)),
                ("values", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("changes", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("changed_by", fields.UUIDField()),
                ("changed_by_email", fields.CharField(max_length=254)),
            ],
            options={
                "table": "settings_version",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "One change: `values` are all members after it, `changes` what it changed as name → [before, after].",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UserGroup",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=200)),
                ("description", fields.CharField(default="", max_length=1000)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "access_group",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "A named set of users of the tenant.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Grant",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("user_id", fields.UUIDField(null=True, db_index=True)),
                (
                    "group",
                    fields.ForeignKeyField(
                        "kernel.UserGroup",
                        source_field="group_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("role", fields.CharField(db_index=True, max_length=64)),
                ("scope", fields.CharField(max_length=32)),
                ("scope_id", fields.UUIDField(null=True)),
                ("created_by", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "access_grant",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "A role for a user or a group: in the whole tenant, or for the rows of one asset group or tag.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UserGroupMember",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "group",
                    fields.ForeignKeyField(
                        "kernel.UserGroup",
                        source_field="group_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("user_id", fields.UUIDField()),
            ],
            options={
                "table": "access_group_member",
                "app": "kernel",
                "unique_together": (("user_id", "group_id"),),
                "indexes": [Index(fields=["group_id"])],
                "pk_attr": "id",
                "table_description": "A user in a group.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="AuditLine",
            options={
                "table": "audit_line",
                "app": "kernel",
                "pk_attr": "id",
                "table_description": "A write or security event of the tenant's; its role may read lines, never touch one.",
            },
        ),
        ops.AddField(
            model_name="AuditLine",
            name="actor_email",
            field=fields.CharField(null=True, max_length=254),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="after",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="before",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="hash",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="outcome",
            field=fields.CharField(db_default="success", max_length=16),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="target",
            field=fields.CharField(db_default="", max_length=200),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="token_id",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="user_agent",
            field=fields.CharField(db_default="", max_length=300),
        ),
        ops.AddField(
            model_name="AuditLine",
            name="via",
            field=fields.CharField(db_default="", max_length=16),
        ),
    ]
