"""Background work of operators; it runs as a job of their own tenant."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from threatweaver.http.errors import NotFound
from threatweaver.http.route import Scope
from threatweaver.jobs.run import JobRun
from threatweaver.jobs.table import JobTable
from threatweaver.tenancy import export
from threatweaver.tenancy.models import Tenant

table = JobTable()


@table.job("kernel.export_tenant", timeout=timedelta(hours=6), scope=Scope.NONE)
async def export_tenant(run: JobRun, *, tenant_id: str) -> dict[str, Any]:
    """Write everything of a tenant into a file that operators can download."""
    async with run.database.control(read_only=True):
        tenant = await Tenant.get_or_none(id=UUID(tenant_id))
    if tenant is None:
        raise NotFound
    path = export.folder(run.kernel.settings, tenant.id) / f"{run.id}.zip"
    counts = await export.write(run.database, tenant, path)
    return {
        "tenantId": tenant_id,
        "url": f"/api/tenants/{tenant_id}/exports/{run.id}",
        "rows": sum(counts.values()),
    }
