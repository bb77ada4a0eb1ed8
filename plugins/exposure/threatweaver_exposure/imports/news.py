"""Telling people what an import found that cannot wait: one event, however much it is."""

from uuid import UUID

from threatweaver.sdk import JobRun, Mode, NotificationEvent, Severity, connection, raise_event
from threatweaver_exposure.intelligence.effective import KEV
from threatweaver_exposure.permissions import Perm

NEW_FINDINGS = NotificationEvent(
    name="exposure.new_findings",
    title="An import found new critical or known exploited vulnerabilities",
    permission=Perm.VULNERABILITY_READ,
    default=Mode.DIGEST,
)


async def tell(run: JobRun, import_id: UUID) -> None:
    """Raise the event, in the transaction of the merge, if it created or reopened any."""
    row = await connection().fetchrow(
        f"""SELECT count(*) AS found, count(*) FILTER (WHERE c.severity = 4) AS critical,
                  count(*) FILTER (WHERE {KEV}) AS exploited
           FROM vulnerability_change c JOIN exposure_definition d ON d.id = c.definition_id
           WHERE c.action IN ('created', 'reopened') AND (c.severity = 4 OR {KEV})"""
    )
    if not row["found"]:
        return
    await raise_event(
        run.kernel,
        NEW_FINDINGS.name,
        title=f"New vulnerabilities: {row['critical']} critical, {row['exploited']} known to be exploited",
        severity=Severity.CRITICAL,
        link="/vulnerabilities",
        data={"importId": str(import_id), "critical": row["critical"], "knownExploited": row["exploited"]},
        key=str(import_id),
    )
