"""Running a file import in the calling process, for the command line: same job, no queue."""

from pathlib import Path
from typing import Any

from threatweaver import running
from threatweaver.http import upload
from threatweaver.http.errors import NotFound
from threatweaver.ids import uuid7
from threatweaver.jobs import store
from threatweaver.jobs.models import Job, Status
from threatweaver.jobs.run import JobRun, call
from threatweaver.jobs.table import Job as JobDeclaration
from threatweaver.kernel import Kernel
from threatweaver.tenancy.models import Tenant


async def import_file(kernel: Kernel, tenant: Tenant, path: Path) -> Any:
    """Import a file as the tenant and return the job's result. Raises ApiError when it is refused."""
    if not kernel.registry.file_importers:
        raise NotFound("No licensed module imports files.")
    importer = kernel.registry.file_importers[0]
    database, job_id = kernel.database, uuid7()
    spooled = await upload.spool_file(
        path, kernel.settings.spool, importer.max_bytes(kernel.registry.settings)
    )
    try:
        with running.on(kernel):
            async with database.tenant(tenant.schema):
                payload = await importer.prepare(spooled, job_id)
        async with database.control():
            await Job.create(
                id=job_id, tenant_id=tenant.id, kind=importer.job.name, payload=payload, status=Status.RUNNING
            )
        run = JobRun(
            id=job_id,
            tenant_id=tenant.id,
            schema=tenant.schema,
            attempt=1,
            kernel=kernel,
        )
        result = await _run(importer.job, run, payload)
    finally:
        spooled.discard()
    return result


async def _run(job: JobDeclaration, run: JobRun, payload: dict[str, Any]) -> Any:
    try:
        result = await call(job, run, payload)
    except BaseException as error:
        async with run.database.control():
            await store.finish(
                run.id, Status.FAILED, error={"code": type(error).__name__, "message": str(error)}
            )
        raise
    async with run.database.control():
        await store.finish(run.id, Status.COMPLETED, result=result)
    return result
