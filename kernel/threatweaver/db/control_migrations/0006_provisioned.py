"""Which accounts a tenant's directory made: of those it knows, the ones that never had a password."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("control", "0005_mailbox_proof")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Membership",
            name="provisioned",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.RunSQL(
            """UPDATE membership m SET provisioned = true FROM user_account u
               WHERE u.id = m.user_id AND u.password_hash = '-' AND (
                   EXISTS (SELECT FROM scim_user s
                           WHERE s.user_id = m.user_id AND s.tenant_id = m.tenant_id)
                   OR EXISTS (SELECT FROM sso_identity i
                              WHERE i.user_id = m.user_id AND i.tenant_id = m.tenant_id))"""
        ),
    ]
