"""The night's look for days that were not as usual."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from threatweaver.sdk import JobRun, JobTable, Mode, NotificationEvent, Severity, publish, raise_event
from threatweaver_exposure.anomaly import service
from threatweaver_exposure.anomaly.metrics import METRICS
from threatweaver_exposure.events import AnomalyDetected
from threatweaver_exposure.permissions import Perm
from threatweaver_exposure.trends import periods

table = JobTable()

NEW_ANOMALIES = NotificationEvent(
    name="exposure.anomalies",
    title="Figures were not as usual",
    permission=Perm.ANOMALY_READ,
    default=Mode.DIGEST,
)
_DAYS = 7  # nights without a run are made up for
_SHOWN = 3


@table.job("exposure.detect_anomalies", every=timedelta(days=1), timeout=timedelta(minutes=30))
async def detect_anomalies(run: JobRun) -> dict[str, int]:
    """Judge the last days that are over; tell people of what was not known yet, and began."""
    found = await service.detect(periods.days_before(periods.today(), 1), _DAYS)
    for row in found:
        await publish(
            AnomalyDetected(
                anomaly_id=row["id"],
                metric=row["metric"],
                subject=row["subject"],
                day=row["day"],
                direction=row["direction"],
                value=row["value"],
            )
        )
    if begun := [row for row in found if not row["continues"]]:
        await _tell(run, begun)
    return {"found": len(found)}


async def _tell(run: JobRun, found: Sequence[Mapping[str, Any]]) -> None:
    """Raise one event for all of them, with the severity of the worst."""
    named = "; ".join(_named(row) for row in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    await raise_event(
        run.kernel,
        NEW_ANOMALIES.name,
        title=f"Not as usual: {named}{more}",
        severity=Severity(found[0]["severity"]),
        link=f"/anomaly/{found[0]['id']}" if len(found) == 1 else "/anomaly",
        data={"anomalyIds": [str(row["id"]) for row in found]},
        key=periods.today().isoformat(),
    )


def _named(row: Mapping[str, Any]) -> str:
    about = f" of {row['subject']}" if row["subject"] else ""
    return f"{METRICS[row['metric']].title}{about}, {row['value']:,} on {row['day']}"
