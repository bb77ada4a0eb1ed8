"""What most commands begin with: an open database, a migrated one, the kernel on it."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from threatweaver import app as application
from threatweaver import bootstrap, running
from threatweaver.config import ConfigError, Settings
from threatweaver.db import embedded, orm
from threatweaver.db import migrate as migrations
from threatweaver.db.transaction import LOST, Database
from threatweaver.http.errors import ApiError
from threatweaver.kernel import Kernel
from threatweaver.tenancy import operators, provision
from threatweaver.tenancy.models import Tenant


class CommandError(Exception):
    """The command cannot do what was asked."""


def expected() -> tuple[type[Exception], ...]:
    """Return the errors that end a command with one line instead of a traceback."""
    return (
        CommandError,
        ConfigError,
        embedded.EmbeddedError,
        operators.OperatorError,
        provision.TenantError,
        ApiError,
        *LOST,
    )


def say(*lines: str) -> None:
    """Print lines."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


@asynccontextmanager
async def _server(settings: Settings) -> AsyncIterator[str]:
    """Yield the address of DATABASE_URL, or of the embedded server, which is stopped again if it was."""
    if settings.database_url:
        yield settings.database_url
        return
    found = await embedded.running(settings.home)
    server = found or await embedded.start(settings.home)
    try:
        yield server.dsn
    finally:
        if found is None:
            await embedded.stop(server)


async def with_database(settings: Settings, work: Callable[[str], Awaitable[Any]]) -> Any:
    """Run `work(dsn)` on the settings' database server."""
    async with _server(settings) as dsn:
        return await work(dsn)


@asynccontextmanager
async def _database(settings: Settings, *, connections: int = 2) -> AsyncIterator[Database]:
    """Yield the open database. Raises CommandError when it cannot be reached."""
    async with _server(settings) as dsn:
        database = Database(dsn, size=connections, statement_timeout=600)
        try:
            await database.open()
        except LOST as error:
            raise CommandError(f"cannot connect to the database: {error}; see DATABASE_URL") from None
        try:
            yield database
        finally:
            await database.close()


async def opened(
    settings: Settings, work: Callable[[Database], Awaitable[Any]], *, connections: int = 2
) -> Any:
    """Run `work(database)` on the open database. Raises CommandError when it cannot be reached."""
    async with _database(settings, connections=connections) as database:
        return await work(database)


async def bring_up(database: Database) -> None:
    """Bring the control schema to this version; the kernel's models work from here on."""
    await orm.bind(orm.KERNEL_APPS)
    await migrations.migrate_control(database)


async def kernel_of(settings: Settings, database: Database) -> Kernel:
    """Return the kernel on the open database, which is migrated first."""
    await bootstrap.open_control(database, settings)
    return await application.assemble(settings, database)


@asynccontextmanager
async def kernel_at(settings: Settings) -> AsyncIterator[Kernel]:
    """Yield the kernel on the open and migrated database."""
    async with _database(settings) as database:
        yield await kernel_of(settings, database)


async def with_kernel(settings: Settings, work: Callable[[Kernel], Awaitable[Any]]) -> Any:
    """Run `work(kernel)` on the open and migrated database."""
    async with kernel_at(settings) as kernel:
        with running.on(kernel):
            return await work(kernel)


async def tenant_of(database: Database, slug: str | None) -> Tenant:
    """Return the tenant, the first one without a slug. Raises CommandError."""
    async with database.control(read_only=True):
        query = Tenant.filter(slug=slug) if slug else Tenant.all()
        found = await query.order_by("created_at").first()
    if found is None:
        raise CommandError(
            f"there is no tenant {slug!r}" if slug else "there is no tenant yet: run `threatweaver up`"
        )
    return found
