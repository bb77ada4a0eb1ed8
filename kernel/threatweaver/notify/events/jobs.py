"""The daily look at what expires soon."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from threatweaver.access.tokens.models import ApiToken
from threatweaver.http.route import Scope
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable
from threatweaver.notify.events.catalog import LICENSE_EXPIRING, TOKEN_EXPIRING, Severity
from threatweaver.notify.events.service import raise_event
from threatweaver_licensing import State

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

table = JobTable()
_SOON = timedelta(days=7)
_TOMORROW = timedelta(days=1)


@table.job("kernel.watch_expiries", timeout=timedelta(minutes=1), every=timedelta(days=1), scope=Scope.NONE)
async def watch_expiries(run: JobRun) -> None:
    """Tell that the license or an API token expires within a week; the event's key keeps it to once."""
    now = datetime.now(UTC)
    async with run.database.control(read_only=True):
        tokens = await ApiToken.filter(
            tenant_id=run.tenant_id, revoked_at=None, expires_at__gt=now, expires_at__lt=now + _SOON
        )
    async with run.database.tenant(run.schema):
        await _license(run.kernel, now)
        for token in tokens:
            await raise_event(
                run.kernel,
                TOKEN_EXPIRING.name,
                title=f"Your API token {token.name} expires on {token.expires_at:%Y-%m-%d}",
                severity=Severity.MEDIUM,
                link="/tokens",
                data={"tokenId": str(token.id)},
                key=f"{token.id} {token.expires_at:%Y-%m-%d}",
                user_id=token.user_id,
            )


async def _license(kernel: "Kernel", now: datetime) -> None:
    """Tell a week before, and again on the last day."""
    found = kernel.license.evaluation()
    if found.state is not State.ACTIVE or found.next_change_at is None or found.next_change_at > now + _SOON:
        return
    last = found.next_change_at < now + _TOMORROW
    await raise_event(
        kernel,
        LICENSE_EXPIRING.name,
        title=f"The license expires on {found.next_change_at:%Y-%m-%d}",
        severity=Severity.CRITICAL if last else Severity.HIGH,
        link="/settings/license",
        key=f"{kernel.license.jti} {'last day' if last else 'last week'}",
    )
