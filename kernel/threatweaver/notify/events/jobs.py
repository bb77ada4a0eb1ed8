"""The hourly look at what expires soon."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from threatweaver.access.tokens.models import ApiToken
from threatweaver.http.route import Scope
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable
from threatweaver.notify.events.catalog import LICENSE_EXPIRING, TOKEN_EXPIRING
from threatweaver.notify.events.service import raise_event
from threatweaver.severity import Severity
from threatweaver_licensing import State

if TYPE_CHECKING:
    from threatweaver.kernel import Kernel

table = JobTable()
_SOON = timedelta(days=7)
_URGENCY = {30: Severity.MEDIUM, 14: Severity.MEDIUM, 7: Severity.HIGH, 1: Severity.CRITICAL}


@table.job("kernel.watch_expiries", timeout=timedelta(minutes=1), every=timedelta(hours=1), scope=Scope.NONE)
async def watch_expiries(run: JobRun) -> None:
    """Tell that the license or an API token expires soon; the event's key keeps it to once."""
    now = datetime.now(UTC)
    async with run.database.control(read_only=True):
        tokens = await ApiToken.filter(
            tenant_id=run.tenant_id, revoked_at=None, expires_at__gt=now, expires_at__lt=now + _SOON
        )
    async with run.database.tenant(run.schema):
        await _license(run.kernel)
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


async def _license(kernel: "Kernel") -> None:
    """Tell each step of the ladder once: 30, 14, 7 days and a day before a change for the worse."""
    found = kernel.license.announcement()
    if found is None:
        return
    what = "expires" if found.state is State.GRACE else "locks every module"
    await raise_event(
        kernel,
        LICENSE_EXPIRING.name,
        title=f"The license {what} on {found.at:%Y-%m-%d}",
        severity=_URGENCY[found.days],
        link="/settings/license",
        data={"state": found.state.value, "days": found.days},
        key=f"{kernel.license.jti} {found.state.value} {found.days}",
    )
