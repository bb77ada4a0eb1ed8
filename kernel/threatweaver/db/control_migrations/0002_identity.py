from uuid import uuid4

from orjson import loads
from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from threatweaver.ids import uuid7


class Migration(migrations.Migration):
    dependencies = [("control", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ApiToken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("user_id", fields.UUIDField()),
                ("tenant_id", fields.UUIDField()),
                ("name", fields.CharField(max_length=100)),
                ("prefix", fields.CharField(max_length=16)),
                ("hash", fields.CharField(unique=True, max_length=64)),
                ("previous_hash", fields.CharField(null=True, unique=True, max_length=64)),
                ("previous_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("scopes", ArrayField(default=list, element_type="TEXT")),
                ("addresses", ArrayField(default=list, element_type="TEXT")),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_used_address", fields.CharField(null=True, max_length=64)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "api_token",
                "app": "control",
                "indexes": [Index(fields=["tenant_id", "user_id"])],
                "pk_attr": "id",
                "table_description": "A token of one person in one tenant.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BrowserFlow",
            fields=[
                ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("content", fields.TextField(unique=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "browser_flow",
                "app": "control",
                "pk_attr": "key",
                "table_description": "The sealed content of a browser's short session; `key` is the SHA-256 of the id in its cookie.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ControlAuditHead",
            fields=[
                ("id", fields.SmallIntField(primary_key=True, unique=True, db_index=True)),
                ("seq", fields.BigIntField()),
                ("hash", fields.BinaryField()),
            ],
            options={
                "table": "audit_head",
                "app": "control",
                "pk_attr": "id",
                "table_description": "The end of control's chain.",
            },
            bases=["HeadColumns"],
        ),
        ops.CreateModel(
            name="ControlAuditRoot",
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
                "app": "control",
                "pk_attr": "id",
                "table_description": "A signed end of control's chain.",
            },
            bases=["RootColumns"],
        ),
        ops.CreateModel(
            name="EncryptionKey",
            fields=[
                ("kid", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("public_jwk", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("private_jwk", fields.TextField(unique=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "encryption_key",
                "app": "control",
                "pk_attr": "kid",
                "table_description": "A day's key pair: the public JWK, and the private one sealed.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FamiliarSource",
            fields=[
                ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("user_id", fields.UUIDField(db_index=True)),
                ("last_seen_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "familiar_source",
                "app": "control",
                "pk_attr": "key",
                "table_description": "A device or network from which somebody has signed in to an account; `key` is their SHA-256.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("status", fields.SmallIntField(null=True)),
                ("content_type", fields.CharField(default="", max_length=100)),
                ("location", fields.CharField(default="", max_length=2000)),
                ("body", fields.TextField(null=True, unique=False)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "idempotent_answer",
                "app": "control",
                "pk_attr": "id",
                "table_description": "The answer to the first request with a key; without `status` that request has not ended.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Invitation",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField(db_index=True)),
                ("email", fields.CharField(max_length=254)),
                ("name", fields.CharField(default="", max_length=200)),
                ("role", fields.CharField(max_length=64)),
                ("invited_by", fields.UUIDField(null=True)),
                ("token_hash", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("accepted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invitation",
                "app": "control",
                "pk_attr": "id",
                "table_description": "A place in a tenant that waits for its person.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="IsolationReport",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("version", fields.CharField(max_length=64)),
                ("passed", fields.BooleanField()),
                ("leaks", fields.IntField()),
                ("calls", fields.IntField()),
                ("content", fields.TextField(unique=False)),
                ("signature", fields.CharField(max_length=100)),
                ("public_key", fields.CharField(max_length=100)),
            ],
            options={
                "table": "isolation_report",
                "app": "control",
                "pk_attr": "id",
                "table_description": "One run; `content` is the JSON text that was signed, byte for byte.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LoginStep",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("token_hash", fields.BinaryField()),
                ("awaits", fields.CharField(max_length=8)),
                ("user_id", fields.UUIDField(db_index=True)),
                ("tenant_id", fields.UUIDField(null=True)),
                ("method", fields.CharField(max_length=16)),
                ("choose", fields.BooleanField()),
                ("mfa", fields.BooleanField()),
                ("attempts", fields.SmallIntField(default=0)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "login_step",
                "app": "control",
                "pk_attr": "id",
                "table_description": "A sign-in that waits for its second factor or for the choice of a tenant; gone once it goes on.",
            },
            bases=["Model"],
        ),
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
        ops.CreateModel(
            name="MailLink",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("kind", fields.CharField(max_length=8)),
                ("user_id", fields.UUIDField()),
                ("token_hash", fields.BinaryField()),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mail_link",
                "app": "control",
                "unique_together": (("user_id", "kind"),),
                "pk_attr": "id",
                "table_description": "A link to reset a password or verify an address; of each kind a person has one at most.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NetworkRule",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("kind", fields.CharField(max_length=5)),
                ("range", fields.CharField(max_length=49)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("created_by", fields.UUIDField()),
            ],
            options={
                "table": "network_rule",
                "app": "control",
                "unique_together": (("tenant_id", "kind", "range"),),
                "pk_attr": "id",
                "table_description": "A line of a tenant's allow or block list; `range` is a network in canonical form.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PlatformOperator",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("user_id", fields.UUIDField()),
                ("tenant_id", fields.UUIDField()),
                ("granted_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "platform_operator",
                "app": "control",
                "unique_together": (("user_id", "tenant_id"),),
                "pk_attr": "id",
                "table_description": "A person who operates the installation, when signed in to this tenant; written by commands alone.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RateBucket",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=500)),
                ("name", fields.CharField(max_length=300)),
                ("subject", fields.CharField(db_index=True, max_length=100)),
                ("used", fields.IntField()),
                ("resets_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "rate_bucket",
                "app": "control",
                "pk_attr": "id",
                "table_description": "What one client used of one limit in the window that ends at `resets_at`.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RateLimitConfig",
            fields=[
                (
                    "id",
                    fields.SmallIntField(
                        generated=True, primary_key=True, default=1, unique=True, db_index=True
                    ),
                ),
                ("general_limit", fields.IntField()),
                ("overrides", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "rate_limit_config",
                "app": "control",
                "pk_attr": "id",
                "table_description": "The deployment's limits, one row; none while the settings' and the documented ones are in force.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("user_id", fields.UUIDField(db_index=True)),
                ("code_hash", fields.BinaryField()),
            ],
            options={
                "table": "mfa_recovery_code",
                "app": "control",
                "pk_attr": "id",
                "table_description": "The SHA-256 of a code that replaces the authenticator once; gone when it is used.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Registration",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("email", fields.CharField(db_index=True, max_length=254)),
                ("name", fields.CharField(max_length=200)),
                ("password_hash", fields.CharField(max_length=200)),
                ("token_hash", fields.BinaryField()),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "registration",
                "app": "control",
                "unique_together": (("tenant_id", "email"),),
                "pk_attr": "id",
                "table_description": "An account that somebody asked for; it comes to be when the address is verified.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ScimGroup",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("display_name", fields.CharField(max_length=255)),
                ("external_id", fields.CharField(null=True, max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "scim_group",
                "app": "control",
                "unique_together": (("tenant_id", "display_name"),),
                "pk_attr": "id",
                "table_description": "A group of a directory; its name is what the rules of the role mapping compare.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ScimMember",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("group_id", fields.UUIDField()),
                ("user_id", fields.UUIDField(db_index=True)),
            ],
            options={
                "table": "scim_member",
                "app": "control",
                "unique_together": (("group_id", "user_id"),),
                "pk_attr": "id",
                "table_description": "A member in a group of a directory.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ScimUser",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("user_id", fields.UUIDField(db_index=True)),
                ("external_id", fields.CharField(null=True, max_length=255)),
            ],
            options={
                "table": "scim_user",
                "app": "control",
                "unique_together": (("tenant_id", "user_id"),),
                "pk_attr": "id",
                "table_description": "What a directory calls a member that it provisioned.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SecretKey",
            fields=[
                ("id", fields.IntField(primary_key=True, unique=True, db_index=True)),
                ("wrapped", fields.TextField(null=True, unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("seals_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("resealed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("retired_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "secret_key",
                "app": "control",
                "pk_attr": "id",
                "table_description": "A key that seals from `seals_from` until the next one does, and opens until it is retired.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SignInFailure",
            fields=[
                ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("failures", fields.IntField()),
                ("blocked_until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sign_in_failure",
                "app": "control",
                "pk_attr": "key",
                "table_description": "Attempts on one account from one source since its last good one; `key` is their SHA-256.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SpentNonce",
            fields=[
                ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "spent_nonce",
                "app": "control",
                "pk_attr": "key",
                "table_description": "A nonce that came with an encrypted password; `key` is the SHA-256 of it and its key's id.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SsoIdentity",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("provider_id", fields.UUIDField()),
                ("tenant_id", fields.UUIDField()),
                ("user_id", fields.UUIDField(db_index=True)),
                ("subject", fields.CharField(max_length=512)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("last_seen_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "sso_identity",
                "app": "control",
                "unique_together": (("provider_id", "subject"),),
                "pk_attr": "id",
                "table_description": "A person as one provider knows them; found again by `subject`, whatever their address becomes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SsoProvider",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ("tenant_id", fields.UUIDField()),
                ("kind", fields.CharField(max_length=8)),
                ("name", fields.CharField(max_length=100)),
                ("enabled", fields.BooleanField(default=True)),
                ("lookup", fields.CharField(max_length=1000)),
                ("options", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("sealed_secret", fields.TextField(null=True, unique=False)),
                ("just_in_time", fields.BooleanField(default=False)),
                ("allowed_domains", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "sso_provider",
                "app": "control",
                "unique_together": (("tenant_id", "name"), ("tenant_id", "kind", "lookup")),
                "pk_attr": "id",
                "table_description": "One identity provider; `options` hold what its kind needs, `sealed_secret` the client or bind secret.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SsoTenant",
            fields=[
                ("tenant_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("enabled", fields.BooleanField(default=True)),
                ("default_provider_id", fields.UUIDField(null=True)),
                ("certificate", fields.TextField(unique=False)),
                ("sealed_key", fields.TextField(unique=False)),
                ("rules", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("default_role", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "sso_tenant",
                "app": "control",
                "pk_attr": "tenant_id",
                "table_description": "What a tenant's providers share: our SAML key pair, the role rules, and whether SSO is on.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SsoUsed",
            fields=[
                ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("expires_at", fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sso_used",
                "app": "control",
                "pk_attr": "key",
                "table_description": "An assertion or a state that was used; `key` is the SHA-256 of provider and id.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="ControlAuditLine",
            options={
                "table": "audit_line",
                "app": "control",
                "pk_attr": "id",
                "table_description": "A write or security event of no tenant's.",
            },
        ),
        ops.RenameField(
            model_name="ControlAuditLine",
            old_name="tenant_id",
            new_name="token_id",
        ),
        ops.AddField(
            model_name="ControlAuditLine",
            name="actor_email",
            field=fields.CharField(null=True, max_length=254),
        ),
        ops.AddField(
            model_name="ControlAuditLine",
            name="after",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="ControlAuditLine",
            name="before",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="ControlAuditLine",
            name="hash",
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name="ControlAuditLine",
            name="outcome",
            field=fields.CharField(db_default="success", max_length=16),
        ),
        ops.AddField(
            model_name="ControlAuditLine",
            name="target",
            field=fields.CharField(db_default="", max_length=200),
        ),
        ops.AddField(
            model_name="ControlAuditLine",
            name="user_agent",
            field=fields.CharField(db_default="", max_length=300),
        ),
        ops.AddField(
            model_name="ControlAuditLine",
            name="via",
            field=fields.CharField(db_default="", max_length=16),
        ),
        ops.AddField(
            model_name="Membership",
            name="break_glass",
            field=fields.BooleanField(default=False, db_default=False),
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
        ops.AddIndex(
            model_name="Membership",
            index=Index(fields=["tenant_id"]),
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
        ops.AlterField(
            model_name="Session",
            name="expires_at",
            field=fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False),
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
            model_name="Tenant",
            name="suspended_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Tenant",
            name="suspended_reason",
            field=fields.CharField(default="", db_default="", max_length=500),
        ),
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
