"""The first proof of a person's mailbox; an address that is verified today was proven."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("control", "0004_registration_browser")]

    initial = False

    operations = [
        ops.AddField(
            model_name="User",
            name="mailbox_proven_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL("UPDATE user_account SET mailbox_proven_at = email_verified_at"),
    ]
