"""Asking the vendor for the list of revoked licenses, where an operator wants that; off unless configured."""

from datetime import timedelta

from threatweaver import log, outbound
from threatweaver.http.route import Scope
from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable
from threatweaver.license import service
from threatweaver.license.errors import RevocationsRefused
from threatweaver.outbound.errors import OutboundFailed, OutboundRefused

table = JobTable()
_log = log.get(__name__)


@table.job(
    "kernel.fetch_revocations",
    timeout=timedelta(minutes=2),
    every=timedelta(days=1),
    scope=Scope.NONE,
    lane=Lane.OUTWARD,
)
async def fetch_revocations(run: JobRun) -> None:
    """Fetch the signed list from TW_LICENSE_REVOCATIONS_URL and put it into force when it is newer.

    The request says nothing of this installation. Whatever goes wrong is a line of the log: the list in
    force stays, and tomorrow it is asked again.
    """
    url = run.kernel.settings.license_revocations_url
    if url is None:
        return
    token = run.kernel.settings.license_revocations_token
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with outbound.request(run.kernel, "GET", url, headers=headers) as answer:
            if answer.status != 200:
                _log.warning("revocations_not_fetched", status=answer.status)
                return
            text = (await answer.read()).decode("ascii", "replace").strip()
        count = await service.import_revocations(run.kernel, text, user_id=None, only_newer=True)
    except (OutboundFailed, OutboundRefused) as error:
        _log.warning("revocations_not_fetched", cause=type(error).__name__)
    except RevocationsRefused as error:
        _log.warning("revocations_refused", code=error.members.get("reason"))
    else:
        if count is not None:
            _log.info("revocations_fetched", revoked=count)
