"""What lowers an asset's risk score: the definition that makes it, and what the score is without."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0021_sums")]

    operations = [
        ops.AddField(model_name="Asset", name="top_definition_id", field=fields.IntField(null=True)),
        ops.AddField(model_name="Asset", name="second_score", field=fields.SmallIntField(null=True)),
        ops.RunSQL(
            """UPDATE exposure_asset a SET top_definition_id = n.top, second_score = n.second FROM (
                   SELECT asset_id, min(definition_id) FILTER (WHERE place = 1) AS top,
                          coalesce(max(risk) FILTER (WHERE place > 1), 0) AS second
                   FROM (SELECT asset_id, definition_id, max(risk_score) AS risk, row_number() OVER (
                             PARTITION BY asset_id ORDER BY max(risk_score) DESC, definition_id) AS place
                         FROM exposure_vulnerability WHERE state <= 1 GROUP BY 1, 2) d
                   GROUP BY asset_id) n
               WHERE n.asset_id = a.id"""
        ),
    ]
