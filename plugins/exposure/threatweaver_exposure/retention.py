"""What of exposure may go when it is old; as delivered everything is kept."""

from threatweaver.sdk import DataClass, connection
from threatweaver_exposure.changes import service as changes
from threatweaver_exposure.daily import service as daily
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.history import service as history
from threatweaver_exposure.vulnerabilities.models import State


async def _leave_the_rollup() -> None:
    """Take the marked vulnerabilities off the count of fixed ones, while nobody else counts."""
    await rollups.serialize()
    # One was reopened while we waited: it stays.
    await connection().execute(
        """DELETE FROM removal r USING exposure_vulnerability v WHERE v.id = r.id AND v.state <> $1""",
        State.FIXED,
    )
    await connection().execute(
        """INSERT INTO exposure_rollup AS r (first_seen_on, severity, state, total)
           SELECT (v.first_seen AT TIME ZONE 'UTC')::date, v.severity, v.state, -count(*)
           FROM exposure_vulnerability v JOIN removal USING (id) GROUP BY 1, 2, 3
           ON CONFLICT (first_seen_on, severity, state) DO UPDATE SET total = r.total + EXCLUDED.total"""
    )
    await connection().execute("DELETE FROM exposure_rollup WHERE total = 0")
    await connection().execute(
        """INSERT INTO exposure_definition_rollup AS r (definition_id, severity, state, total, risk_sum)
           SELECT v.definition_id, v.severity, v.state, -count(*), -sum(v.risk_score)
           FROM exposure_vulnerability v JOIN removal USING (id) GROUP BY 1, 2, 3
           ON CONFLICT (definition_id, severity, state) DO UPDATE
           SET total = r.total + EXCLUDED.total, risk_sum = r.risk_sum + EXCLUDED.risk_sum"""
    )
    await connection().execute("DELETE FROM exposure_definition_rollup WHERE total = 0")
    await history.forget_marked()
    await daily.forget_marked()
    await changes.bury(
        "vulnerability",
        "SELECT id, v.asset_id FROM removal JOIN exposure_vulnerability v USING (id)",
        action="deleted",
    )


CLASSES = (
    DataClass(
        name="exposure.fixed_vulnerabilities",
        title="Vulnerabilities that are fixed, by the day they were",
        table="exposure_vulnerability",
        age="fixed_at",
        where=f"state = {State.FIXED.value}",
        children=(
            ("exposure_evidence", "vulnerability_id"),
            ("exposure_acceptance", "vulnerability_id"),
            ("exposure_event", "vulnerability_id"),
            ("exposure_before", "vulnerability_id"),
            ("exposure_asset_merge_item", "vulnerability_id"),
            ("exposure_flaw_apart", "vulnerability_id"),
        ),
        removing=_leave_the_rollup,
        minimum_days=30,
    ),
    DataClass(
        name="exposure.imports",
        title="Records of imports: which report changed what",
        table="exposure_import",
        age="finished_at",
        children=(
            ("exposure_sighting", "import_id"),
            ("exposure_before", "import_id"),
            ("exposure_definition_before", "import_id"),
        ),
        minimum_days=30,
    ),
    DataClass(
        name="exposure.anomalies",
        title="Anomalies, and who has seen them",
        table="exposure_anomaly",
        age="detected_at",
        minimum_days=30,
    ),
    DataClass(
        name="exposure.tombstones",
        title="Tombstones in the feed of changes: who was away for longer has to start anew",
        table="exposure_tombstone",
        age="at",
        removing=changes.forget,
        minimum_days=30,
    ),
)
