"""What plugins declare: sentences for people, names of their own, bounds on what may take long."""

from datetime import timedelta

import pytest

from threatweaver.jobs.table import Job
from threatweaver.kernel import Kernel
from threatweaver.tenancy.models import Tenant
from threatweaver.testing.conformance.fixtures import Plugins, Routes
from threatweaver.testing.plugin import RunJob

pytestmark = pytest.mark.asyncio(loop_scope="session")
LONGEST_JOB = timedelta(days=1)


def is_sentence(text: str) -> bool:
    """Say whether this can stand in a document."""
    return text[:1].isupper() and text.endswith(".") and len(text) <= 120


async def test_every_summary_is_a_sentence(routes: Routes) -> None:
    wrong = [
        f"{route.method} {route.path}: {route.summary}" for route in routes if not is_sentence(route.summary)
    ]
    assert wrong == []


async def test_every_permission_is_named_after_its_plugin_and_used(kernel: Kernel) -> None:
    used = {str(route.permission) for route in kernel.registry.routes}
    declared = {str(item.name) for item in kernel.registry.permissions}
    assert declared - used == set()
    owners = {"kernel"} | {decision.manifest.name for decision in kernel.registry.decisions}
    assert {name.split(":")[0] for name in declared} <= owners
    assert {len(name.split(":")) for name in declared} == {3}


async def test_every_job_is_named_after_its_plugin_and_bounded(jobs: dict[str, list[Job]]) -> None:
    wrong = [
        f"{plugin}: {job.name}: {fault}"
        for plugin, found in jobs.items()
        for job in found
        for fault in job_faults(plugin, job)
    ]
    assert wrong == []


@pytest.fixture
def jobs(kernel: Kernel, plugins: Plugins) -> dict[str, list[Job]]:
    """The jobs of each plugin."""
    owners = kernel.registry.job_modules
    return {
        plugin.name: [job for name, job in kernel.registry.jobs.items() if owners[name] == plugin.module_id]
        for plugin in plugins
    }


def job_faults(plugin: str, job: Job) -> list[str]:
    """Return what is wrong with a job's declaration."""
    faults = {
        f"its name must begin with {plugin}.": job.name.startswith(f"{plugin}."),
        f"its timeout must be positive, and no longer than {LONGEST_JOB}": (
            timedelta() < job.timeout <= LONGEST_JOB
        ),
        "it must be tried at least once": job.attempts >= 1,
        "its summary must be a sentence": is_sentence(job.summary),
    }
    return [text for text, good in faults.items() if not good]


async def test_scheduled_jobs_can_run_twice(
    run_job: RunJob, tenant: Tenant, jobs: dict[str, list[Job]]
) -> None:
    scheduled = [job for found in jobs.values() for job in found if job.every is not None]
    for job in scheduled:
        for _ in range(2):
            await run_job(job.name, tenant)
