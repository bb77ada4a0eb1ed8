from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AuditLine",
            fields=[
                ("seq", fields.BigIntField(primary_key=True, unique=True, db_index=True)),
                ("at", fields.CharField(max_length=32)),
                ("actor", fields.CharField(max_length=120)),
                ("action", fields.CharField(max_length=40)),
                ("target", fields.CharField(max_length=200)),
                ("details", fields.TextField(unique=False)),
                ("request_id", fields.CharField(max_length=64)),
                ("address", fields.CharField(max_length=64)),
                ("hash", fields.CharField(max_length=64)),
            ],
            options={
                "table": "audit_line",
                "app": "manager",
                "pk_attr": "seq",
                "table_description": "A write, chained to the one before. The database refuses to change or delete it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Client",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("scopes", fields.CharField(max_length=100)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "client",
                "app": "manager",
                "pk_attr": "id",
                "table_description": "Who may call the API: a name, what it may do, and the hash of its token.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Customer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=200)),
                ("contact", fields.CharField(default="", max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "customer",
                "app": "manager",
                "pk_attr": "id",
                "table_description": "Whom licenses are issued to, by the name that stands in them.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Ledger",
            fields=[
                ("id", fields.IntField(primary_key=True, unique=True, db_index=True)),
                ("writes", fields.BigIntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("audit_seq", fields.BigIntField()),
                ("audit_hash", fields.CharField(max_length=64)),
            ],
            options={
                "table": "ledger",
                "app": "manager",
                "pk_attr": "id",
                "table_description": "One row, which every write locks first: writers take turns, and the audit log is one chain.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ListIssue",
            fields=[
                ("seq", fields.IntField(primary_key=True, unique=True, db_index=True)),
                ("kid", fields.CharField(max_length=16)),
                ("token", fields.TextField(unique=False)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "list_issue",
                "app": "manager",
                "pk_attr": "seq",
                "table_description": "An issue of the revocation list, as it was signed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Revoked",
            fields=[
                ("jti", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=128)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(max_length=200)),
                ("revoked_by", fields.CharField(max_length=120)),
            ],
            options={
                "table": "revoked",
                "app": "manager",
                "pk_attr": "jti",
                "table_description": "An entry of the revocation list. Its license may have been issued elsewhere.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SigningKey",
            fields=[
                ("kid", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=16)),
                ("algorithm", fields.CharField(max_length=8)),
                ("pem", fields.TextField(unique=False)),
                ("added_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("activated_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("retired_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "signing_key",
                "app": "manager",
                "pk_attr": "kid",
                "table_description": "A public key of the ring: announced first, then the one that signs, then one that has signed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="License",
            fields=[
                ("jti", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=128)),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "manager.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "key",
                    fields.ForeignKeyField(
                        "manager.SigningKey",
                        source_field="key_id",
                        db_constraint=True,
                        to_field="kid",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "renews",
                    fields.OneToOneField(
                        "manager.License",
                        source_field="renews_id",
                        null=True,
                        db_constraint=True,
                        to_field="jti",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reference", fields.CharField(null=True, unique=True, max_length=100)),
                ("type", fields.CharField(max_length=16)),
                ("token", fields.TextField(unique=False)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("not_before", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
                ("grace_ends_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("issued_by", fields.CharField(max_length=120)),
            ],
            options={
                "table": "license",
                "app": "manager",
                "pk_attr": "jti",
                "table_description": "A license as it was issued. The token is what counts, the columns beside it are for finding it.",
            },
            bases=["Model"],
        ),
    ]
