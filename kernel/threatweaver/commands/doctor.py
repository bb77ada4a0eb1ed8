"""Checking an installation: its parts, and whether its tenants are apart."""

import shutil

import asyncpg

from threatweaver import app as application
from threatweaver.audit import commands as audit_commands
from threatweaver.commands.opening import CommandError, kernel_of, opened, say
from threatweaver.config import ConfigError, Settings
from threatweaver.db import embedded
from threatweaver.db.transaction import Database
from threatweaver.isolation import command as isolation
from threatweaver.notify.mail import commands as mail_commands
from threatweaver.secrets import commands as key_commands
from threatweaver.tenancy import provision
from threatweaver.tenancy.models import Tenant


async def check(settings: Settings) -> bool:
    """Print a line for each check; return whether all are good."""
    good = True

    def report(name: str, detail: str, *, ok: bool = True) -> None:
        nonlocal good
        good = good and ok
        say(f"{'ok  ' if ok else 'FAIL'}  {name}: {detail}")

    async def work(database: Database) -> None:
        async with database.control(read_only=True) as unit:
            version = await unit.connection.fetchval("SHOW server_version")
            report("database", f"PostgreSQL {version}", ok=int(version.split(".")[0]) >= 15)
        kernel = await kernel_of(settings, database)
        state = kernel.license.evaluation()
        report("license", f"{state.state.value}, {state.reason}", ok=state.reads_allowed)
        for item in kernel.registry.decisions:
            report("plugin", f"{item.manifest.name} {item.verdict}: {item.reason}", ok=not item.failed)
        detail, usable = await mail_commands.state(kernel)
        report("mail", detail, ok=usable)
        detail, usable = await key_commands.state(kernel)
        report("keys", detail, ok=usable)
        detail, usable = await audit_commands.state(kernel)
        report("audit", detail, ok=usable)
        behind = await provision.behind(database, kernel.registry.apps)
        async with database.control(read_only=True):
            total = await Tenant.all().count()
        report("schemas", f"{total} tenants, {len(behind)} to migrate", ok=not behind)

    free = shutil.disk_usage(settings.home if settings.home.exists() else settings.home.anchor).free
    report("space", f"{free >> 30} GiB free for {settings.home}", ok=free > 1 << 30)
    try:
        await opened(settings, work)
    except (embedded.EmbeddedError, ConfigError, CommandError, OSError, asyncpg.PostgresError) as error:
        report("database", str(error), ok=False)
    return good


async def check_isolation(settings: Settings, *, url: str | None) -> bool:
    """Probe the installation with two tenants of its own; return whether nothing leaked."""

    async def work(database: Database) -> bool:
        kernel = await kernel_of(settings, database)
        settings.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        return await isolation.run(kernel, url, build=application.build, say=say)

    return bool(await opened(settings, work, connections=8))
