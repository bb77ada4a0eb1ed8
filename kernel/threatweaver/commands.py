"""What the commands do, once settings are read: open the database, do it, say it."""

import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from threatweaver import __version__, work
from threatweaver import app as application
from threatweaver import serve as server
from threatweaver.audit import commands as audit_commands
from threatweaver.audit import service as audit
from threatweaver.auth import passwords, service
from threatweaver.auth.models import Membership, User
from threatweaver.auth.roles import Role
from threatweaver.bootstrap import Installation
from threatweaver.config import ConfigError, Settings
from threatweaver.db import embedded, orm
from threatweaver.db import migrate as migrations
from threatweaver.db.transaction import Database
from threatweaver.http import openapi as documents
from threatweaver.http.errors import ApiError
from threatweaver.isolation import command as isolation
from threatweaver.jobs import inline
from threatweaver.kernel import Kernel
from threatweaver.license import service as license_service
from threatweaver.notify.mail import commands as mail_commands
from threatweaver.plugins.admission import AdmissionError
from threatweaver.plugins.loader import PluginLoadError
from threatweaver.plugins.manifest import ManifestError
from threatweaver.plugins.registry import RegistryError
from threatweaver.secrets import commands as key_commands
from threatweaver.tenancy import operators, provision
from threatweaver.tenancy.models import Tenant
from threatweaver.up import ERRORS, UNREACHABLE, Supervisor


class CommandError(Exception):
    """The command cannot do what was asked."""


def expected() -> tuple[type[Exception], ...]:
    """Return the errors that end a command with one line instead of a traceback."""
    return (
        *ERRORS,
        AdmissionError,
        CommandError,
        ManifestError,
        PluginLoadError,
        RegistryError,
        operators.OperatorError,
        provision.TenantError,
        ApiError,
        OSError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
    )


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


async def up(settings: Settings, ready: Callable[[Installation, str], None]) -> None:
    """Run the whole product until told to stop."""
    await Supervisor(settings).run(ready)


async def serve(settings: Settings, *, fd: int | None, parent: int | None) -> None:
    """Serve HTTP on an inherited socket, or on one of our own."""
    listening = socket.socket(fileno=fd) if fd is not None else server.bind(settings)
    await with_database(settings, lambda dsn: server.serve(settings, dsn, listening, parent=parent))


async def worker(settings: Settings, *, parent: int | None) -> None:
    """Run background jobs."""
    await with_database(settings, lambda dsn: work.work(settings, dsn, parent=parent))


async def with_database(settings: Settings, work: Callable[[str], Awaitable[Any]]) -> Any:
    """Run `work(dsn)` on DATABASE_URL, or on the embedded server, which is stopped again if it was."""
    if settings.database_url:
        return await work(settings.database_url)
    running = await embedded.running(settings.home)
    server = running or await embedded.start(settings.home)
    try:
        return await work(server.dsn)
    finally:
        if running is None:
            await embedded.stop(server)


async def _with(
    settings: Settings, work: Callable[[Database], Awaitable[Any]], *, connections: int = 2
) -> Any:
    async def opened(dsn: str) -> Any:
        database = Database(dsn, size=connections, statement_timeout=600)
        try:
            await database.open()
        except UNREACHABLE as error:
            raise CommandError(f"cannot connect to the database: {error}; see DATABASE_URL") from None
        try:
            return await work(database)
        finally:
            await database.close()

    return await with_database(settings, opened)


@asynccontextmanager
async def _migrated(database: Database) -> AsyncIterator[None]:
    await orm.bind(orm.KERNEL_APPS)
    await migrations.migrate_control(database)
    yield


async def _kernel(settings: Settings, database: Database) -> Kernel:
    async with _migrated(database):
        await license_service.issue_first_trial(database)
        return await application.assemble(settings, database)


async def with_kernel(settings: Settings, work: Callable[[Kernel], Awaitable[Any]]) -> Any:
    """Run `work(kernel)` on the open and migrated database."""

    async def opened(database: Database) -> Any:
        return await work(await _kernel(settings, database))

    return await _with(settings, opened)


async def migrate(settings: Settings, *, plan_only: bool) -> None:
    """Migrate, or print the statements and their locks."""

    async def work(database: Database) -> None:
        kernel = await _kernel(settings, database)
        if not plan_only:
            count = await provision.bring_up_all(database, kernel.registry.apps)
            _say(f"control schema is up to date; {count} tenant schemas migrated")
            return
        async with database.control(read_only=True):
            schemas = [tenant.schema for tenant in await Tenant.all().order_by("created_at")]
        for schema in ("control", *schemas):
            for statement in await migrations.plan(database, schema, kernel.registry.apps):
                _say(f"{schema}  {statement.migration}", f"  lock: {statement.lock}", f"  {statement.sql}")

    await _with(settings, work)


async def plugins(settings: Settings) -> None:
    """Print a line for each installed plugin."""

    async def work(database: Database) -> None:
        kernel = await _kernel(settings, database)
        for item in kernel.registry.decisions:
            state = "admitted" if item.admitted else "refused"
            prefixes = " ".join(item.manifest.prefixes)
            _say(f"{item.manifest.name} {item.manifest.version}  {state}: {item.reason}  {prefixes}")

    await _with(settings, work)


async def routes(settings: Settings) -> None:
    """Print a line for each route."""

    async def work(database: Database) -> None:
        kernel = await _kernel(settings, database)
        for route in sorted(kernel.registry.routes, key=lambda item: (item.path, item.method)):
            permission = getattr(route.permission, "value", route.permission)
            _say(f"{route.method:6} /api{route.path}  {permission}  {route.module_id or '-'}")

    await _with(settings, work)


async def openapi(settings: Settings) -> None:
    """Print the OpenAPI document."""

    async def work(database: Database) -> None:
        kernel = await _kernel(settings, database)
        document = documents.document(kernel.registry.routes, version=__version__)
        _say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())

    await _with(settings, work)


async def _tenant(database: Database, slug: str | None) -> Tenant:
    async with database.control(read_only=True):
        query = Tenant.filter(slug=slug) if slug else Tenant.all()
        found = await query.order_by("created_at").first()
    if found is None:
        raise CommandError(
            f"there is no tenant {slug!r}" if slug else "there is no tenant yet: run `threatweaver up`"
        )
    return found


async def tenant_create(settings: Settings, slug: str, name: str) -> None:
    """Create a tenant and print its id."""

    async def work(database: Database) -> None:
        kernel = await _kernel(settings, database)
        tenant = await provision.create(database, slug=slug, name=name, apps=kernel.registry.apps)
        await audit.command(database, "tenant-create", target=f"tenant:{tenant.id}", after={"slug": slug})
        _say(f"tenant {tenant.slug}  {tenant.id}")

    await _with(settings, work)


async def tenant_list(settings: Settings) -> None:
    """Print a line for each tenant."""

    async def work(database: Database) -> None:
        async with _migrated(database), database.control(read_only=True):
            for tenant in await Tenant.all().order_by("created_at"):
                _say(f"{tenant.slug}  {tenant.id}  {tenant.name}")

    await _with(settings, work)


async def user_create(settings: Settings, email: str, slug: str, role: str, password: str | None) -> None:
    """Create a user in a tenant."""
    if role not in set(Role):
        raise CommandError(f"{role!r} is no role; choose {', '.join(Role)}")
    if password is not None and len(password) < passwords.MIN_LENGTH:
        raise CommandError(f"a password needs at least {passwords.MIN_LENGTH} characters")
    secret = password or passwords.generate()

    async def work(database: Database) -> None:
        async with _migrated(database):
            tenant = await _tenant(database, slug)
            async with database.control(read_only=True):
                user = await User.get_or_none(email=email.strip().lower())
                if user is not None and await Membership.exists(user_id=user.id, tenant_id=tenant.id):
                    raise CommandError(f"user {email} exists in {slug}")
            made = await service.create_user(
                database, email=email, password=secret, role=role, tenant_id=tenant.id
            )
            await audit.command(
                database, "user-create", schema=tenant.schema, target=f"user:{made.id}", after={"role": role}
            )
        _say(f"user {email}  {role} in {slug}")
        if user is not None:  # a member of another tenant
            _say("keeps the password they have")
        elif password is None:
            _say(f"password {secret}  (shown once)")

    await _with(settings, work)


async def import_file(settings: Settings, file: Path, slug: str | None) -> None:
    """Import a report in this process, by the job that the API uses, and print its result."""
    if not file.is_file():
        raise CommandError(f"there is no file {file}")

    async def work(database: Database) -> None:
        kernel = await _kernel(settings, database)
        tenant = await _tenant(database, slug)
        settings.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        await provision.bring_up(database, tenant, kernel.registry.apps)
        try:
            result = await inline.import_file(kernel, tenant, file)
        except ApiError as error:
            details = "".join(f": {item['message']}" for item in error.members.get("details", ()))
            raise CommandError(f"{file}: {error.message}{details}") from None
        _say(orjson.dumps(result, default=str, option=orjson.OPT_INDENT_2).decode())

    await _with(settings, work)


async def doctor(settings: Settings) -> bool:
    """Print a line for each check; return whether all are good."""
    good = True

    def report(name: str, detail: str, *, ok: bool = True) -> None:
        nonlocal good
        good = good and ok
        _say(f"{'ok  ' if ok else 'FAIL'}  {name}: {detail}")

    async def work(database: Database) -> None:
        async with database.control(read_only=True) as unit:
            version = await unit.connection.fetchval("SHOW server_version")
            report("database", f"PostgreSQL {version}", ok=int(version.split(".")[0]) >= 15)
        kernel = await _kernel(settings, database)
        state = kernel.license.evaluation()
        report("license", f"{state.state.value}, {state.reason}", ok=state.reads_allowed)
        for item in kernel.registry.decisions:
            report("plugin", f"{item.manifest.name} {item.reason}")
        detail, usable = await mail_commands.state(kernel)
        report("mail", detail, ok=usable)
        detail, usable = await key_commands.state(kernel)
        report("keys", detail, ok=usable)
        detail, usable = await audit_commands.state(kernel)
        report("audit", detail, ok=usable)
        pending = migrations.fingerprint(kernel.registry.apps)
        async with database.control(read_only=True):
            behind = await Tenant.exclude(schema_version=pending).count()
            total = await Tenant.all().count()
        report("schemas", f"{total} tenants, {behind} to migrate", ok=behind == 0)

    free = shutil.disk_usage(settings.home if settings.home.exists() else settings.home.anchor).free
    report("space", f"{free >> 30} GiB free for {settings.home}", ok=free > 1 << 30)
    try:
        await _with(settings, work)
    except (embedded.EmbeddedError, ConfigError, CommandError, OSError, asyncpg.PostgresError) as error:
        report("database", str(error), ok=False)
    return good


async def doctor_isolation(settings: Settings, *, url: str | None) -> bool:
    """Probe the installation with two tenants of its own; return whether nothing leaked."""

    async def work(database: Database) -> bool:
        kernel = await _kernel(settings, database)
        settings.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        return await isolation.run(kernel, url, build=application.build, say=_say)

    return bool(await _with(settings, work, connections=8))
