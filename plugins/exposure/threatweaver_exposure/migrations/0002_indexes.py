"""What models cannot say: ranked partial indexes, and foreign keys where volume allows their price.

Vulnerabilities and evidence carry none: checking two keys a row would cost an import a third of its time,
and only the merge writes them.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("exposure", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                """CREATE INDEX exposure_vulnerability_rank ON exposure_vulnerability (risk_score, id)
                   WHERE state <= 1""",
                # What is accepted or fixed, apart: an import creates none of it, so this one costs it nothing.
                """CREATE INDEX exposure_vulnerability_settled ON exposure_vulnerability (risk_score, id)
                   WHERE state > 1""",
                """CREATE INDEX exposure_vulnerability_severity ON exposure_vulnerability (severity, risk_score, id)
                   WHERE state <= 1""",
                "CREATE INDEX exposure_vulnerability_first_seen ON exposure_vulnerability (first_seen, id)",
                "CREATE INDEX exposure_vulnerability_last_seen ON exposure_vulnerability (last_seen, id)",
                "CREATE INDEX exposure_asset_rank ON exposure_asset (risk_score, id)",
                "CREATE INDEX exposure_asset_worst ON exposure_asset (worst_severity, risk_score, id)",
                "CREATE INDEX exposure_import_hash ON exposure_import (sha256)",
                """ALTER TABLE exposure_asset_tag
                   ADD FOREIGN KEY (asset_id) REFERENCES exposure_asset ON DELETE CASCADE,
                   ADD FOREIGN KEY (tag_id) REFERENCES exposure_tag ON DELETE CASCADE""",
                """ALTER TABLE exposure_asset_group_member
                   ADD FOREIGN KEY (asset_id) REFERENCES exposure_asset ON DELETE CASCADE,
                   ADD FOREIGN KEY (group_id) REFERENCES exposure_asset_group ON DELETE CASCADE""",
                "CREATE INDEX exposure_asset_tag_asset ON exposure_asset_tag (asset_id)",
                "CREATE INDEX exposure_asset_group_member_asset ON exposure_asset_group_member (asset_id)",
            ]
        )
    ]
