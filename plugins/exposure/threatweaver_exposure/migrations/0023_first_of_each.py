"""The order of what is active of one definition and severity."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0022_tops")]

    operations = [
        ops.RunSQL(
            """CREATE INDEX exposure_vulnerability_first_of_each
               ON exposure_vulnerability (definition_id, severity, risk_score, id) WHERE state <= 1"""
        )
    ]
