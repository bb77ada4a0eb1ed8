"""A database of its own for tests that kill, lock or queue."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from threatweaver import app as application
from threatweaver.db import migrate
from threatweaver.db.orm import ModelApp
from threatweaver.db.transaction import CONTROL, Database
from threatweaver.ids import uuid7
from threatweaver.license import service as license_service
from threatweaver.tenancy import provision
from threatweaver.testing.contract import effects


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


@pytest.fixture
def model_app(tmp_path, monkeypatch):
    """A function: an app with these migrations, name by text; `{label}` in a text is the app's."""
    made = []

    def write(**migrations):
        label = f"app_{uuid7().hex}"
        folder = tmp_path / label / "migrations"
        folder.mkdir(parents=True)
        for file in (folder.parent / "__init__.py", folder / "__init__.py", folder.parent / "models.py"):
            file.write_text("")
        for name, text in migrations.items():
            (folder / f"{name.lstrip('_')}.py").write_text(text.replace("{label}", label))
        monkeypatch.syspath_prepend(str(tmp_path))
        made.append(label)
        return ModelApp(label=label, models=(f"{label}.models",), migrations=f"{label}.migrations")

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def with_settings():
    """A function: the kernel with other settings."""
    return lambda kernel, **changes: replace(kernel, settings=replace(kernel.settings, **changes))


@pytest.fixture(scope="session")
def line_or_nothing():
    """A function: the attempt fails with the log broken and leaves nothing; mended, it adds this line."""

    async def check(kernel, tenant, attempt, *, action, good):
        database, logs = kernel.database, (CONTROL, tenant.schema)

        async def look():
            return await effects.snapshot(database, [tenant.schema], kernel.settings.home)

        async def count():
            async with database.control(read_only=True) as unit:
                counts = [
                    await unit.connection.fetchval(
                        f'SELECT count(*) FROM "{log}".audit_line WHERE action = $1', action
                    )
                    for log in logs
                ]
            return sum(counts)

        before, told = await look(), await count()
        async with effects.broken_log(database, *logs):
            assert await attempt() == 500
        assert [name for name, held in (await look()).items() if before.get(name) != held] == []
        assert await attempt() == good
        assert await look() != before
        assert await count() == told + 1

    return check
