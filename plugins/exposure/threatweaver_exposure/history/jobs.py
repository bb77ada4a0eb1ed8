"""The night's comparison of numbers with what they count."""

from datetime import timedelta

from threatweaver.sdk import JobRun, JobTable, Mode, NotificationEvent, Severity, raise_event
from threatweaver_exposure import written
from threatweaver_exposure.dashboard import service as rollups
from threatweaver_exposure.history import queries
from threatweaver_exposure.permissions import Perm

table = JobTable()

FIGURES_DISAGREE = NotificationEvent(
    name="exposure.figures_disagree",
    title="Key figures do not agree with what they count",
    permission=Perm.DASHBOARD_READ,
    default=Mode.IMMEDIATE,
)


@table.job("exposure.audit_figures", every=timedelta(days=1), timeout=timedelta(minutes=30))
async def audit_figures(run: JobRun) -> dict[str, list[str]]:
    """Compare the rollups of today and of every day with the rows; tell people if they differ.

    It is the job of the night, and puts together what counts writes, too.
    """
    await rollups.serialize()  # a change in between would look like a difference
    found = await queries.disagreements()
    await written.compact()
    if found:
        await raise_event(
            run.kernel,
            FIGURES_DISAGREE.name,
            title=f"Key figures disagree with what they count: {', '.join(found)}",
            severity=Severity.HIGH,
            link="/dashboard",
            key="figures",
        )
    return {"disagreements": found}
