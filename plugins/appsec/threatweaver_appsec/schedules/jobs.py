"""Background work of schedules."""

from datetime import UTC, datetime, timedelta

from threatweaver.sdk import JobRun, JobTable
from threatweaver_appsec.schedules import service
from threatweaver_appsec.targets import allowed

table = JobTable()


@table.job("appsec.launch_due", every=timedelta(minutes=5), timeout=timedelta(minutes=5))
async def launch_due(run: JobRun) -> None:
    """Launch assessments whose time has come. Safe to run twice."""
    await service.launch_due(allowed.of(run.settings), datetime.now(UTC))
