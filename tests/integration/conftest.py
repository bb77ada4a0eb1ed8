"""A database of its own for tests that kill, lock or queue."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from threatweaver import app as application
from threatweaver.db import migrate
from threatweaver.db.transaction import Database
from threatweaver.ids import uuid7
from threatweaver.license import service as license_service
from threatweaver.tenancy import provision


def other_database(dsn, name):
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def separate(dsn, settings, kernel):
    """A function: a kernel on a fresh database of the same server, gone afterwards."""

    @asynccontextmanager
    async def made(*, size=8) -> AsyncIterator:
        name = f"x{uuid7().hex}"
        admin = await asyncpg.connect(dsn)
        await admin.execute(f"CREATE DATABASE {name}")
        database = Database(other_database(dsn, name), size=size)
        try:
            await database.open()
            await migrate.migrate_control(database)
            await license_service.issue_first_trial(database)
            yield await application.assemble(settings, database)
        finally:
            await database.close()
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            await admin.close()

    return made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def alone(separate):
    """A kernel on a database that only this module uses."""
    async with separate() as kernel:
        yield kernel


@pytest.fixture(scope="session")
def new_tenant():
    async def made(kernel):
        slug = f"t-{uuid7().hex[-12:]}"
        return await provision.create(kernel.database, slug=slug, name=slug, apps=kernel.registry.apps)

    return made


@pytest.fixture(scope="session")
def with_settings():
    """A function: the kernel with other settings."""
    return lambda kernel, **changes: replace(kernel, settings=replace(kernel.settings, **changes))
