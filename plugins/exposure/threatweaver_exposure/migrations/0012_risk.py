"""What a score is made of beside a definition: the asset's worth and reach, and the tenant's formula.

`exposure_definition.score` is not written any more; it goes in a later version (contract).
"""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0011_reverts")]

    operations = [
        ops.AddField(model_name="Asset", name="criticality", field=fields.SmallIntField(null=True)),
        ops.AddField(model_name="Asset", name="exposure", field=fields.CharField(max_length=8, null=True)),
        ops.CreateModel(
            name="RiskFormula",
            fields=[
                ("version", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("formula", fields.JSONField()),
                ("reason", fields.TextField(default="")),
                ("created_by", fields.UUIDField()),
                ("created_at", fields.DatetimeField(auto_now_add=True)),
            ],
            options={"table": "exposure_risk_formula", "app": "exposure", "pk_attr": "version"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RiskAged",
            fields=[
                ("id", fields.SmallIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("day", fields.DateField()),
            ],
            options={"table": "exposure_risk_aged", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE exposure_asset ADD CHECK (criticality BETWEEN 1 AND 5)",
                """ALTER TABLE exposure_asset
                   ADD CHECK (exposure IN ('internet', 'dmz', 'internal', 'isolated'))""",
                "ALTER TABLE exposure_risk_aged ADD CHECK (id = 1)",
            ]
        ),
    ]
