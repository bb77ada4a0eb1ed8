"""Background work of vulnerabilities."""

from datetime import timedelta

from threatweaver.sdk import JobRun, JobTable
from threatweaver_exposure.vulnerabilities import service

table = JobTable()


@table.job("exposure.reopen_expired", every=timedelta(minutes=5), timeout=timedelta(minutes=2))
async def reopen_expired(_: JobRun) -> None:
    """Reopen vulnerabilities whose risk acceptance has run out. Safe to run twice."""
    await service.reopen_expired()
