"""In how many days what is found has to be fixed; a tenant without the row has the defaults."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0007_saved_filters")]

    operations = [
        ops.CreateModel(
            name="SlaPolicy",
            fields=[
                ("id", fields.SmallIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("critical", fields.IntField(null=True)),
                ("high", fields.IntField(null=True)),
                ("medium", fields.IntField(null=True)),
                ("low", fields.IntField(null=True)),
                ("info", fields.IntField(null=True)),
                ("updated_by", fields.UUIDField()),
                ("updated_at", fields.DatetimeField()),
            ],
            options={"table": "exposure_sla_policy", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(["ALTER TABLE exposure_sla_policy ADD CHECK (id = 1)"]),
    ]
