"""Syncs of a tenant: configured by the API, run here as a worker runs them."""

from typing import Any
from uuid import UUID

from exposure_space import Space
from tenable_recording import Recording

from threatweaver import running
from threatweaver.ids import uuid7
from threatweaver.jobs.run import JobRun
from threatweaver.kernel import Kernel
from threatweaver_exposure.sync import runner, service


class Syncs:
    """Starts and runs syncs without the queue, so that a test decides when one is interrupted."""

    def __init__(self, kernel: Kernel, space: Space) -> None:
        self.kernel = kernel
        self.space = space

    async def configure(self, tenable: Recording, **members: Any) -> None:
        body = {"url": tenable.url, "accessKey": "a", "secretKey": "s", **members}
        answer = await self.space.call("PUT", "/sync/config", json=body)
        assert answer.status == 200, answer

    async def begin(self, *, full: bool = False) -> UUID:
        async with self.kernel.database.tenant(self.space.tenant.schema):
            return (await service.start(full=full, by=None)).id

    async def again(self, run_id: UUID) -> None:
        async with self.kernel.database.tenant(self.space.tenant.schema):
            await service.resume(run_id)

    def job(self) -> JobRun:
        tenant = self.space.tenant
        return JobRun(id=uuid7(), tenant_id=tenant.id, schema=tenant.schema, attempt=1, kernel=self.kernel)

    async def run(self, run_id: UUID, job: JobRun | None = None) -> dict[str, Any]:
        with running.on(self.kernel):
            return await runner.sync(job or self.job(), run_id)

    async def whole(self, tenable: Recording, *, full: bool = False) -> dict[str, Any]:
        await self.configure(tenable)
        return await self.run(await self.begin(full=full))

    async def found(self) -> list[dict[str, Any]]:
        """All that is known of vulnerabilities and assets, without ids made here."""
        return await self.space.sql(
            """SELECT a.name, a.fqdn, a.ip, a.last_seen AS asset_seen, d.source, d.plugin_id, d.cves, v.port,
                      v.protocol, v.severity, v.state, v.risk_score, v.first_seen, v.last_seen, v.fixed_at,
                      e.output,
                      (SELECT array_agg(i.kind || ' ' || i.value ORDER BY i.kind, i.value)
                       FROM exposure_asset_identifier i WHERE i.asset_id = a.id) AS known_by
               FROM exposure_asset a LEFT JOIN exposure_vulnerability v ON v.asset_id = a.id
               LEFT JOIN exposure_definition d ON d.id = v.definition_id
               LEFT JOIN exposure_evidence e ON e.vulnerability_id = v.id
               ORDER BY a.name, a.ip, a.last_seen, d.plugin_id, v.port, v.protocol, known_by"""
        )
