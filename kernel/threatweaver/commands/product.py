"""The product's processes, and what it says of itself: migrations, plugins, routes, its document; imports."""

import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson

from threatweaver import __version__, bootstrap, work
from threatweaver import serve as server
from threatweaver.commands.opening import (
    CommandError,
    expected,
    kernel_of,
    opened,
    say,
    tenant_of,
    with_database,
)
from threatweaver.config import Settings
from threatweaver.db import migrate as migrations
from threatweaver.db.transaction import Database
from threatweaver.http import openapi as documents
from threatweaver.http.errors import ApiError
from threatweaver.jobs import inline
from threatweaver.processes import listening as door
from threatweaver.tenancy import provision
from threatweaver.tenancy.models import Tenant

_LESS_URGENT = 5  # of the 19 steps that a process may step back


async def admit(settings: Settings, *, answer: int) -> None:
    """Tell the supervisor which modules to import for the plugins that are admitted."""
    await _told(settings, lambda database: bootstrap.admitted(database, settings), answer)


async def prepare(settings: Settings, *, answer: int) -> None:
    """Bring the database to this version, make what a first start needs, and tell the supervisor of it."""
    settings.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    await _told(settings, lambda database: bootstrap.prepare(database, settings), answer)


async def _told(settings: Settings, work: Callable[[Database], Awaitable[Any]], answer: int) -> None:
    """Write what `work(database)` returns into a descriptor, or what went wrong as one would expect."""
    try:
        told = {"found": await opened(settings, work)}
    except expected() as error:
        told = {"error": str(error)}
    os.write(answer, orjson.dumps(told))
    os.close(answer)


async def serve(settings: Settings, *, fd: int | None, parent: int | None, ready: int | None) -> None:
    """Serve HTTP on an inherited socket, or on one of our own."""
    listening = socket.socket(fileno=fd) if fd is not None else await door.bind(settings)
    await with_database(
        settings, lambda dsn: server.serve(settings, dsn, listening, parent=parent, ready=ready)
    )


async def worker(settings: Settings, *, parent: int | None, ready: int | None) -> None:
    """Run background jobs; where processors are short, requests go before them."""
    os.nice(_LESS_URGENT)
    await with_database(settings, lambda dsn: work.work(settings, dsn, parent=parent, ready=ready))


async def migrate(settings: Settings, *, plan_only: bool) -> None:
    """Migrate, or print the statements and their locks."""

    async def work(database: Database) -> None:
        kernel = await kernel_of(settings, database)
        if not plan_only:
            count = await provision.bring_up_all(database, kernel.registry.apps)
            say(f"control schema is up to date; {count} tenant schemas migrated")
            return
        async with database.control(read_only=True):
            schemas = [tenant.schema for tenant in await Tenant.all().order_by("created_at")]
        for schema in ("control", *schemas):
            for statement in await migrations.plan(database, schema, kernel.registry.apps):
                say(f"{schema}  {statement.migration}", f"  lock: {statement.lock}", f"  {statement.sql}")

    await opened(settings, work)


async def routes(settings: Settings) -> None:
    """Print a line for each route."""

    async def work(database: Database) -> None:
        kernel = await kernel_of(settings, database)
        for route in sorted(kernel.registry.routes, key=lambda item: (item.path, item.method)):
            permission = getattr(route.permission, "value", route.permission)
            say(f"{route.method:6} /api{route.path}  {permission}  {route.module_id or '-'}")

    await opened(settings, work)


async def openapi(settings: Settings) -> None:
    """Print the OpenAPI document."""

    async def work(database: Database) -> None:
        kernel = await kernel_of(settings, database)
        document = documents.document(kernel.registry.routes, version=__version__)
        say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())

    await opened(settings, work)


async def import_file(settings: Settings, file: Path, slug: str | None) -> None:
    """Import a report in this process, by the job that the API uses, and print its result."""
    if not file.is_file():
        raise CommandError(f"there is no file {file}")

    async def work(database: Database) -> None:
        kernel = await kernel_of(settings, database)
        tenant = await tenant_of(database, slug)
        settings.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        await provision.bring_up(database, tenant, kernel.registry.apps)
        try:
            result = await inline.import_file(kernel, tenant, file)
        except ApiError as error:
            details = "".join(f": {item['message']}" for item in error.members.get("details", ()))
            raise CommandError(f"{file}: {error.message}{details}") from None
        say(orjson.dumps(result, default=str, option=orjson.OPT_INDENT_2).decode())

    await opened(settings, work)
