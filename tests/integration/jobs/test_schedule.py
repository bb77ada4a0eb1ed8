"""Scheduled jobs: due by the minute, for every tenant, one failure apart from the others."""

from dataclasses import replace
from datetime import timedelta

import pytest

from threatweaver.db.orm import TENANT
from threatweaver.db.transaction import current
from threatweaver.jobs.schedule import run_due
from threatweaver.jobs.table import JobTable
from threatweaver.modules.models import TenantApp


@pytest.fixture
def scheduled(kernel):
    """A function: the kernel with just this job, every ten minutes."""

    def make(function):
        table = JobTable()
        job = table.job("test.tick", timeout=timedelta(seconds=5), every=timedelta(minutes=10))(function)
        return replace(kernel, registry=replace(kernel.registry, jobs={job.name: job}))

    return make


async def test_runs_in_every_tenant_when_due(scheduled, tenant, other_tenant):
    seen = []

    async def note(run):
        seen.append((run.schema, current("tenant").schema))

    kernel = scheduled(note)
    assert await run_due(kernel, minute=29) == 0
    assert seen == []
    assert await run_due(kernel, minute=30) == 0
    assert {(tenant.schema, tenant.schema), (other_tenant.schema, other_tenant.schema)} <= set(seen)


async def test_a_failing_tenant_stops_no_other(scheduled, tenant, other_tenant):
    seen = []

    async def fail(run):
        seen.append(run.schema)
        if run.schema == tenant.schema:
            raise RuntimeError("broken")

    assert await run_due(scheduled(fail), minute=0) == 1
    assert {tenant.schema, other_tenant.schema} <= set(seen)


async def test_a_tenant_without_the_tables_of_the_module_is_passed_over(
    scheduled, kernel, tenant, other_tenant
):
    seen = []

    async def note(run):
        seen.append(run.schema)

    made = scheduled(note)
    app = next(app for app in kernel.registry.apps if app.schema == TENANT)
    registry = replace(
        made.registry,
        job_modules={"test.tick": "tested"},
        module_tables={"tested": (app.label, kernel.registry.versions[app.label])},
    )
    async with kernel.database.control():
        moved = await TenantApp.filter(tenant_id=tenant.id, app=app.label).update(version="an older one")
    assert moved == 1
    try:
        assert await run_due(replace(made, registry=registry), minute=30) == 0
    finally:
        async with kernel.database.control():
            await TenantApp.filter(tenant_id=tenant.id, app=app.label).update(
                version=kernel.registry.versions[app.label]
            )
    assert other_tenant.schema in seen
    assert tenant.schema not in seen


@pytest.mark.parametrize("every", [timedelta(seconds=30), timedelta(seconds=90), timedelta(0)])
def test_an_interval_is_whole_minutes(every):
    with pytest.raises(ValueError, match="whole minutes"):
        JobTable().job("test.tick", timeout=timedelta(seconds=1), every=every)
