"""Forgetting sign-ins of the past."""

from datetime import timedelta

from threatweaver.auth import queries
from threatweaver.http.route import Scope
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable

table = JobTable()


@table.job("kernel.forget_sign_ins", timeout=timedelta(minutes=5), every=timedelta(days=1), scope=Scope.NONE)
async def forget_sign_ins(run: JobRun) -> None:
    """Delete ended sessions, used-up steps and links, old attempts and keys; of all tenants, in one go."""
    async with run.database.control():
        await queries.forget_old()
