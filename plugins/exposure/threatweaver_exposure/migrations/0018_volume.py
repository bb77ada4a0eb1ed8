"""Orders of what is no large part of all vulnerabilities; an import that creates rows pays for none of them."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0017_intelligence")]

    operations = [
        ops.RunSQL(
            [
                """CREATE INDEX exposure_vulnerability_settled_severity
                   ON exposure_vulnerability (severity, risk_score, id) WHERE state > 1""",
                "CREATE INDEX exposure_vulnerability_reopened ON exposure_vulnerability (risk_score, id) WHERE state = 1",
                "CREATE INDEX exposure_vulnerability_accepted ON exposure_vulnerability (risk_score, id) WHERE state = 2",
                """CREATE INDEX exposure_vulnerability_unobserved ON exposure_vulnerability (risk_score, id)
                   WHERE unobserved_since IS NOT NULL""",
            ]
        )
    ]
