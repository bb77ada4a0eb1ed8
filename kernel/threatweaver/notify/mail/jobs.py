"""Sending mail in the background, and forgetting old mail."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from threatweaver.http.errors import Unprocessable
from threatweaver.http.route import Scope
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.run import JobPostponed, JobRun
from threatweaver.jobs.table import JobTable
from threatweaver.notify.mail import service
from threatweaver.notify.mail.models import Mail
from threatweaver.notify.mail.smtp import MailNotSent

table = JobTable()
_ATTEMPTS = 12  # 15 s, doubling up to an hour: some five hours in all
_LONGEST = timedelta(hours=1)
_KEPT = timedelta(days=30)


@table.job(
    service.SEND, timeout=timedelta(minutes=5), attempts=_ATTEMPTS, scope=Scope.NONE, lane=Lane.OUTWARD
)
async def send_mail(run: JobRun, *, mail_id: str) -> None:
    """Hand one mail to the mail server; a refusal that may pass is tried again, at growing intervals."""
    try:
        await service.send(run.kernel, UUID(mail_id))
    except MailNotSent as error:
        final = not error.temporary or run.attempt >= _ATTEMPTS
        await service.note_failure(run.kernel, UUID(mail_id), error, final=final)
        if final:
            raise Unprocessable(f"The mail was not sent: {error}.") from None
        raise JobPostponed(min(timedelta(seconds=15 * 2 ** (run.attempt - 1)), _LONGEST)) from None


@table.job("kernel.forget_mail", timeout=timedelta(minutes=5), every=timedelta(days=1), scope=Scope.NONE)
async def forget_mail(run: JobRun) -> None:
    """Delete a tenant's mail that is older than 30 days."""
    async with run.database.control():
        await Mail.filter(tenant_id=run.tenant_id, created_at__lt=datetime.now(UTC) - _KEPT).delete()
