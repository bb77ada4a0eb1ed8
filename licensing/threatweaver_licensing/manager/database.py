"""The database: a file of SQLite or a PostgreSQL server, by the same code."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor

_MODELS: Final = "threatweaver_licensing.manager.models"
_MIGRATIONS: Final = "threatweaver_licensing.manager.migrations"
_APPS: Final = {
    "manager": {"models": [_MODELS], "migrations": _MIGRATIONS, "default_connection": "default"},
}
_SQLITE: Final = {"busy_timeout": 10_000, "synchronous": "FULL"}
_POSTGRES: Final = {"min_size": 1, "max_size": 8, "timeout": 10, "command_timeout": 30}


class DatabaseRefused(ValueError):
    """The database cannot be used as it was named or as it is."""


@asynccontextmanager
async def opened(database: str, *, for_all_tasks: bool = False) -> AsyncIterator[None]:
    """Connect this task, or all tasks of the process, to a database."""
    context = TortoiseContext()
    with context:  # Tortoise looks its own half-built context up while it initializes
        await context.init(
            config={"connections": {"default": _connection(database)}, "apps": _APPS},
            _enable_global_fallback=for_all_tasks,
        )
        try:
            yield
        finally:
            await context.close_connections()


async def migrate() -> None:
    """Bring the tables to this version."""
    await _executor().migrate(direction="forward")


async def require_current() -> None:
    """Raise DatabaseRefused where tables are missing or of an earlier version."""
    if await _executor().plan():
        raise DatabaseRefused(
            "the database is not set up for this version: run threatweaver-license manager init"
        )


def _executor() -> MigrationExecutor:
    return MigrationExecutor(get_connection("default"), _APPS)


def _connection(database: str) -> dict[str, Any]:
    if "://" not in database:
        path = Path(database).absolute()
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the same mode
        return {"engine": "tortoise.backends.sqlite", "credentials": {"file_path": str(path), **_SQLITE}}
    parts = urlsplit(database)
    query = parse_qs(parts.query)
    if parts.scheme not in ("postgres", "postgresql") or query.keys() - {"host", "sslmode"}:
        raise DatabaseRefused("must be the path of a file, or postgresql://user@host/name?sslmode=...")
    found = expand_db_url(urlunsplit(parts._replace(query="")))
    found["credentials"] |= _POSTGRES
    if "host" in query:
        found["credentials"]["host"] = query["host"][0]
    if "sslmode" in query:
        found["credentials"]["ssl"] = query["sslmode"][0]
    return found
