"""Which widgets a person sees; who has no row has the standard layout."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0018_volume")]

    operations = [
        ops.CreateModel(
            name="Layout",
            fields=[
                ("user_id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("widgets", fields.JSONField()),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={"table": "exposure_layout", "app": "exposure", "pk_attr": "user_id"},
            bases=["Model"],
        ),
    ]
