"""Tortoise's door to the database: every query runs on the current unit of work, or raises NoScope.

The module's name contains "asyncpg" because Tortoise picks its schema editor by it.
"""

from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import ConnectionWrapper, TransactionContext

from threatweaver.db import transaction


class _Lease(ConnectionWrapper[asyncpg.Connection]):
    """The unit's connection for one query; gathered queries take turns."""

    def __init__(self, unit: transaction.Unit) -> None:
        self._unit = unit
        self._lock = unit.lock
        self.connection = unit.connection

    async def __aenter__(self) -> asyncpg.Connection:
        await self._lock.acquire()
        if not self._unit.open:  # it ended while this query waited for its turn
            self._lock.release()
            raise transaction.NoScope("a query outlived its tenant or control scope")
        return self.connection


class _Savepoint(TransactionContext):
    """What `in_transaction()` means inside a unit: a savepoint."""

    def __init__(self, client: "BoundClient") -> None:
        self.client = client  # type: ignore[assignment]

    async def __aenter__(self) -> Any:
        unit = transaction.current()
        unit.savepoints += 1
        self._name = f"unit_{unit.savepoints}"
        self._outbox = len(unit.outbox)
        await unit.connection.execute(f"SAVEPOINT {self._name}")
        return self.client

    async def __aexit__(self, exc_type: object, exc_val: object, exc_tb: object) -> None:
        unit = transaction.current()
        if exc_type:
            del unit.outbox[self._outbox :]  # what did not happen is not told
        verb = "ROLLBACK TO" if exc_type else "RELEASE"
        await unit.connection.execute(f"{verb} SAVEPOINT {self._name}")


class BoundClient(AsyncpgDBClient):
    """A client without a pool; `connection_name` is "tenant" or "control"."""

    def __init__(self, connection_name: str, **_: Any) -> None:
        super().__init__(user="", password="", database="", host="", port=0, connection_name=connection_name)

    async def create_connection(self, with_db: bool) -> None:  # noqa: FBT001 - Tortoise's signature
        """Do nothing: the unit of work has the connection."""

    async def close(self) -> None:
        """Do nothing: the Database closes its pool."""

    def acquire_connection(self) -> _Lease:
        """Lease the current unit's connection for one query. Raises NoScope."""
        return _Lease(transaction.current(self.connection_name))

    def _in_transaction(self) -> TransactionContext:
        return _Savepoint(self)

    async def execute_many(self, query: str, values: list[Any]) -> None:
        """Run one statement for each row of values, inside the unit's transaction."""
        async with self.acquire_connection() as held:
            await held.executemany(query, values)


client_class = BoundClient
