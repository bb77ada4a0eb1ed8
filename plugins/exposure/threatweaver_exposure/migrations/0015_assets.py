"""Merges and splits of assets, since when assets are known by an identifier, and flaws across tools."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0014_feed")]

    operations = [
        ops.AddField(model_name="AssetIdentifier", name="import_id", field=fields.UUIDField(null=True)),
        ops.AddField(model_name="AssetIdentifier", name="valid_from", field=fields.DatetimeField(null=True)),
        ops.CreateModel(
            name="AssetMerge",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("kind", fields.CharField(max_length=8)),
                ("asset_id", fields.UUIDField(db_index=True)),
                ("others", ArrayField(element_type="uuid")),
                ("names", ArrayField(element_type="text")),
                ("before", fields.JSONField()),
                ("after", fields.JSONField(null=True)),
                ("created_at", fields.DatetimeField()),
                ("created_by", fields.UUIDField()),
                ("undone_at", fields.DatetimeField(null=True)),
                ("undone_by", fields.UUIDField(null=True)),
            ],
            options={"table": "exposure_asset_merge", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AssetMergeItem",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("merge_id", fields.UUIDField(db_index=True)),
                ("vulnerability_id", fields.UUIDField(db_index=True)),
                ("joined_to", fields.UUIDField(null=True, db_index=True)),
                ("before", fields.JSONField(null=True)),
                ("after", fields.JSONField(null=True)),
                ("evidence", fields.JSONField(null=True)),
                ("acceptance", fields.JSONField(null=True)),
            ],
            options={"table": "exposure_asset_merge_item", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddField(model_name="Vulnerability", name="flaw", field=fields.UUIDField(null=True)),
        ops.CreateModel(
            name="IdentityRecipe",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("recipe", fields.SmallIntField()),
                ("groups", fields.IntField()),
                ("applied_by", fields.UUIDField()),
                ("applied_at", fields.DatetimeField(auto_now_add=True)),
            ],
            options={"table": "exposure_identity_recipe", "app": "exposure", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FlawApart",
            fields=[
                ("vulnerability_id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("decided_by", fields.UUIDField()),
                ("decided_at", fields.DatetimeField(auto_now_add=True)),
            ],
            options={"table": "exposure_flaw_apart", "app": "exposure", "pk_attr": "vulnerability_id"},
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                # Nothing of recipe 1 is in it: it costs an import nothing until another one is applied.
                """CREATE INDEX exposure_vulnerability_flaw ON exposure_vulnerability (asset_id, flaw)
                   WHERE flaw IS NOT NULL""",
                "CREATE INDEX exposure_asset_merge_others ON exposure_asset_merge USING gin (others)",
                "ALTER TABLE exposure_asset_merge ADD CHECK (kind IN ('merge', 'split'))",
                """ALTER TABLE exposure_asset_merge_item ADD FOREIGN KEY (merge_id)
                       REFERENCES exposure_asset_merge ON DELETE CASCADE""",
            ]
        ),
    ]
