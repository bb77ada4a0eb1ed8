"""pytest fixtures for a kernel with plugins on a real PostgreSQL; loaded through the pytest11 entry point.

`--threatweaver-conformance` adds the suite of testing/conformance. One embedded server and one application a
session, a fresh tenant a module. Everything runs on one event loop: set `asyncio_mode = auto` and both
default loop scopes to `session`.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver import config, log, running
from threatweaver.config import Settings
from threatweaver.db import embedded, migrate, orm
from threatweaver.db.transaction import Database
from threatweaver.ids import uuid7
from threatweaver.jobs.models import Job
from threatweaver.jobs.run import JobRun, call
from threatweaver.jobs.worker import Worker
from threatweaver.kernel import Kernel
from threatweaver.license import service as license_service
from threatweaver.license.current import CurrentLicense
from threatweaver.tenancy import provision
from threatweaver.tenancy.models import Tenant
from threatweaver.testing import licenses
from threatweaver.testing.conformance import options
from threatweaver.testing.identities import Headers, headers_for
from threatweaver.testing.licenses import Client

AsRole = Callable[..., Awaitable[Headers]]
UnderLicense = Callable[..., AbstractAsyncContextManager[Client]]
InTenant = Callable[[Tenant], AbstractAsyncContextManager[None]]
RunJob = Callable[..., Awaitable[Any]]
Settled = Callable[[Tenant], Awaitable[None]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the conformance suite."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Add the conformance suite to what is collected, when it was asked for."""
    config.addinivalue_line("filterwarnings", "ignore::aiohttp.web_exceptions.NotAppKeyWarning")
    options.apply(config)


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """A data folder under the system's temporary one, where the database's own user may enter."""
    path = Path(tempfile.mkdtemp(prefix="threatweaver-test-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def dsn(home: Path) -> AsyncIterator[str]:
    """A running embedded PostgreSQL, which need not outlive a power cut: it waits for no disk."""
    server = await embedded.start(home)
    held = await asyncpg.connect(server.dsn)
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        await held.execute(f"ALTER SYSTEM SET {name} = off")
    await held.execute("SELECT pg_reload_conf()")
    await held.close()
    yield server.dsn
    await embedded.stop(server)


@pytest.fixture(scope="session")
def settings(home: Path) -> Settings:
    """Settings of the application under test: no rate limits, errors logged, tokens that last a day."""
    loaded = replace(
        config.load({}),
        home=home,
        rate_limit=0,
        jwt_expires_in=86_400.0,
        log_level="error",
        log_format="console",
    )
    log.configure(loaded, process="test")
    loaded.spool.mkdir(exist_ok=True)
    return loaded


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(dsn: str) -> AsyncIterator[Database]:
    """An open pool on a migrated control schema with a trial license."""
    opened = Database(dsn, size=8)
    await opened.open()
    await orm.bind(orm.KERNEL_APPS)
    await migrate.migrate_control(opened)
    await license_service.issue_first_trial(opened)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kernel(settings: Settings, database: Database) -> Kernel:
    """The kernel with every installed plugin admitted by the trial, which has seats for many tests."""
    made = await application.assemble(settings, database)
    if made.license.claims is None:
        return made
    return replace(made, license=CurrentLicense(replace(made.license.claims, seats=1_000_000)))


@pytest.fixture(scope="session")
def app(kernel: Kernel) -> web.Application:
    """The application, every route mounted."""
    return application.build(kernel)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(app: web.Application) -> AsyncIterator[Client]:
    """An HTTP client on the application, which keeps no cookies; paths start with /api."""
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as opened:
        yield opened


@pytest.fixture(scope="session")
def under_license(kernel: Kernel) -> UnderLicense:
    """A function that opens the application under another license, for an `async with`.

    It takes what `licenses.claims` takes: `modules`, `days` until it ends, any member of Claims.
    """

    def opened(**said: Any) -> AbstractAsyncContextManager[Client]:
        return licenses.opened(kernel, licenses.claims(**said))

    return opened


async def keep_running(worker: Worker) -> None:
    """Run a worker until it is stopped, again when it lost its connection, as the worker process does."""
    while True:
        try:
            return await worker.run()
        except ConnectionError:
            continue


@asynccontextmanager
async def running_worker(kernel: Kernel) -> AsyncIterator[Worker]:
    """Run a worker in this process for as long as the block lasts."""
    # What is scheduled would change tables under a test that runs at a full hour.
    running = Worker(kernel, scheduled=False)
    task = asyncio.create_task(keep_running(running))
    yield running
    running.stop()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(kernel: Kernel) -> AsyncIterator[Worker]:
    """A worker that runs jobs in this process."""
    async with running_worker(kernel) as running:
        yield running


async def _tenant(kernel: Kernel) -> Tenant:
    slug = f"t-{uuid7().hex[-12:]}"
    return await provision.create(kernel.database, slug=slug, name=slug, apps=kernel.registry.apps)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tenant(kernel: Kernel) -> Tenant:
    """A tenant of this test module alone."""
    return await _tenant(kernel)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def other_tenant(kernel: Kernel) -> Tenant:
    """A second tenant, whose data nobody else must see."""
    return await _tenant(kernel)


@pytest.fixture(scope="session")
def as_role(kernel: Kernel) -> AsRole:
    """A function that makes a new user with a role in a tenant and returns their request headers.

    The role "operator" is an administrator who operates the platform from this tenant.
    """

    async def make(role: str, tenant: Tenant) -> Headers:
        return await headers_for(kernel, role=role, tenant=tenant)

    return make


@pytest.fixture(scope="session")
def in_tenant(kernel: Kernel) -> InTenant:
    """A function that opens a transaction of a tenant, as a request and a job have one."""

    @asynccontextmanager
    async def opened(tenant: Tenant) -> AsyncIterator[None]:
        with running.on(kernel):
            async with kernel.database.tenant(tenant.schema) as unit:
                yield
                await unit.conclude()

    return opened


@pytest.fixture(scope="session")
def run_job(kernel: Kernel) -> RunJob:
    """A function that runs the job of a name for a tenant here and now, with a payload as keywords."""

    async def run(name: str, tenant: Tenant, **payload: Any) -> Any:
        made = JobRun(id=uuid7(), tenant_id=tenant.id, schema=tenant.schema, attempt=1, kernel=kernel)
        return await call(kernel.registry.jobs[name], made, payload)

    return run


@pytest.fixture(scope="session")
def settled(kernel: Kernel, worker: Worker) -> Settled:  # noqa: ARG001 - it runs the jobs
    """A function that waits until no job of a tenant waits or runs; TimeoutError after a minute."""

    async def wait(tenant: Tenant) -> None:
        for _ in range(3000):
            async with kernel.database.control(read_only=True):
                if not await Job.exists(tenant_id=tenant.id, finished_at=None):
                    return
            await asyncio.sleep(0.02)
        raise TimeoutError

    return wait


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(as_role: AsRole, tenant: Tenant) -> Headers:
    """Headers of an administrator of `tenant`."""
    return await as_role("admin", tenant)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def analyst(as_role: AsRole, tenant: Tenant) -> Headers:
    """Headers of an analyst of `tenant`."""
    return await as_role("analyst", tenant)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def viewer(as_role: AsRole, tenant: Tenant) -> Headers:
    """Headers of a viewer of `tenant`."""
    return await as_role("viewer", tenant)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stranger(as_role: AsRole, other_tenant: Tenant) -> Headers:
    """Headers of an administrator of `other_tenant`."""
    return await as_role("admin", other_tenant)


@pytest.fixture
def unknown_id() -> UUID:
    """An id that nothing has."""
    return uuid7()
