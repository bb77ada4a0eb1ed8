"""Background work of suppressions."""

from datetime import timedelta

from threatweaver.sdk import JobRun, JobTable
from threatweaver_appsec.suppressions import service

table = JobTable()


@table.job("appsec.apply_suppressions", every=timedelta(minutes=10), timeout=timedelta(minutes=5))
async def apply_suppressions(_: JobRun) -> None:
    """Let findings count again whose suppression has expired. Safe to run twice."""
    await service.apply()
