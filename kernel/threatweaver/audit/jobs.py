"""Signing the logs' ends once a day, and checking a log on demand."""

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from threatweaver.audit import roots
from threatweaver.audit.verify import Broken, verify_live
from threatweaver.db.transaction import CONTROL
from threatweaver.http.route import Scope
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable

table = JobTable()


@table.job("kernel.sign_audit", timeout=timedelta(minutes=1), every=timedelta(hours=1), scope=Scope.NONE)
async def sign_audit(run: JobRun) -> None:
    """Sign the end of the tenant's log and of control's, unless that was done today."""
    key = roots.signing_key(run.kernel.keys.audit)
    async with run.database.tenant(run.schema):
        await roots.take_daily(key, run.schema)
    async with run.database.control():
        await roots.take_daily(key, CONTROL)


@table.job("kernel.verify_audit", timeout=timedelta(hours=1), attempts=2)
async def verify_audit(run: JobRun) -> dict[str, Any]:
    """Check the tenant's log from its first line; the result says whether it is whole, or what is not."""
    public = roots.signing_key(run.kernel.keys.audit).public_key()
    try:
        end = await verify_live(run.schema, nullcontext, {roots.key_id(public): public})
    except Broken as error:
        return {"whole": False, "seq": error.seq, "why": error.why}
    signed = end.root.wire() if end.root else None
    return {"whole": True, "lines": end.seq, "hash": end.hash.hex(), "lastRoot": signed}
