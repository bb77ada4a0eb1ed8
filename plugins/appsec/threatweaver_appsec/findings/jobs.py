"""Background work of findings."""

from datetime import UTC, datetime, timedelta

from threatweaver.sdk import JobRun, JobTable
from threatweaver_appsec.findings import service

table = JobTable()


@table.job("appsec.reopen_expired", every=timedelta(hours=1), timeout=timedelta(minutes=5))
async def reopen_expired(_: JobRun) -> None:
    """Reopen findings whose acceptance has run out. Safe to run twice."""
    await service.reopen_expired(datetime.now(UTC))
