"""State of one application: its temporary folder, database, sessions and log. Nothing is shared by two."""

import asyncio
import secrets
import sqlite3
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

USERS = {"alice": "alice-pass-1", "bob": "bob-pass-2", "admin": "admin-pass-3"}
"""Published: nothing is behind them."""

SLEEP_LIMIT = 6.0  # seconds; what an attacker may make the database or the shell wait

_SCHEMA = """
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
INSERT INTO products VALUES (1, 'Lamp', 30), (2, 'Table', 120), (3, 'Chair', 60), (4, 'Shelf', 90);
CREATE TABLE accounts (name TEXT, secret TEXT);
INSERT INTO accounts VALUES ('root', 'union-secret-5521'), ('guest', 'nothing');
CREATE TABLE subscribers (email TEXT);
INSERT INTO subscribers VALUES ('reader@example.com');
CREATE TABLE nicknames (id INTEGER PRIMARY KEY, nickname TEXT);
CREATE TABLE visits (agent TEXT);
"""


class World:
    """What the handlers of one application share."""

    def __init__(self, *, safe: bool) -> None:
        self.safe = safe
        self.base = ""
        """Own URL once served: safe twins build links from it, never from what a client sent."""
        self.users = dict(USERS)
        """Passwords by name; whoever registers comes in addition."""
        self.sessions: dict[str, str] = {}
        self.requests: Counter[str] = Counter()
        self.state: defaultdict[str, dict[Any, Any]] = defaultdict(dict)
        """Small stores of the cases, by the case's name."""
        self.key = secrets.token_bytes(32)
        self._temporary = tempfile.TemporaryDirectory(prefix="lab-")
        self.folder = Path(self._temporary.name)
        connection = sqlite3.connect(self.folder / "lab.db")
        connection.executescript(_SCHEMA)
        connection.close()

    def close(self) -> None:
        """Remove what was written."""
        self._temporary.cleanup()

    async def sql(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one statement in a thread, with sleep(seconds) as MySQL has it; raises sqlite3.Error."""
        return await asyncio.to_thread(self._sql, statement, values)

    def _sql(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.folder / "lab.db", timeout=5)
        end = time.monotonic() + SLEEP_LIMIT
        try:
            connection.create_function("sleep", 1, lambda seconds: _sleep(seconds, end))
            connection.create_function("pg_sleep", 1, lambda seconds: _sleep(seconds, end))
            connection.set_progress_handler(lambda: int(time.monotonic() > end), 10_000)
            rows = connection.execute(statement, values).fetchmany(200)
            connection.commit()
            return rows
        finally:
            connection.close()


def _sleep(seconds: object, end: float) -> int:
    if isinstance(seconds, int | float):
        time.sleep(max(0.0, min(float(seconds), end - time.monotonic())))
    return 0


WORLD = web.AppKey("world", World)
START: web.AppKey[Callable[[web.Request], Awaitable[web.StreamResponse]]] = web.AppKey("start")
"""The start page, for cases that are about it and show it, too."""


def world(request: web.Request) -> World:
    """Return the state of the application that was asked."""
    return request.app[WORLD]


def user_of(request: web.Request) -> str | None:
    """Return who is signed in, by the session cookie or as bearer; None for nobody."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = request.cookies.get("session") or bearer
    return world(request).sessions.get(token)


def need_user(request: web.Request) -> str:
    """Return who is signed in; raises 401."""
    user = user_of(request)
    if user is None:
        raise web.HTTPUnauthorized(text="Sign in first.")
    return user
