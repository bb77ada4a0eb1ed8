"""Re-encryption after a rotation, in the background."""

from datetime import timedelta

from threatweaver import log
from threatweaver.http.route import Scope
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable
from threatweaver.secrets import service

table = JobTable()
_log = log.get(__name__)


@table.job("kernel.reseal", timeout=timedelta(hours=6), every=timedelta(minutes=5), scope=Scope.NONE)
async def reseal(run: JobRun) -> None:
    """Seal everything with the newest key, once after each rotation; a killed run is taken up by the next."""
    outcome = await service.reseal_if_due(run.kernel)
    if outcome is not None:
        _log.info("resealed", texts=outcome.resealed, unreadable=outcome.unreadable)
