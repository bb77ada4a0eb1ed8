"""The unit of work: one transaction on one connection, as one tenant, or on the control schema.

Nothing else in the product begins a transaction, sets a role or a search path. A query outside a
unit raises NoScope, so it cannot fall through to another tenant's tables (docs/adr/0003).
"""

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import asyncpg

CONTROL = "control"
# asyncpg says the last when a connection is used at the moment in which it hears that it was killed.
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a statement raises when the database is away, among other things."""
_SCHEMA = re.compile(r"t_[0-9a-f]{32}")


class NoScope(RuntimeError):
    """A query ran outside a tenant or control scope, in the wrong one, or after its end."""


class Unreachable(ConnectionError):
    """The server cannot be reached: refused, or its socket is not there."""


class CommitFailed(RuntimeError):
    """The transaction had failed and an error was swallowed: PostgreSQL rolled it back."""


@dataclass(slots=True, kw_only=True)
class Unit:
    """One open transaction: where queries of the current task go."""

    connection: asyncpg.Connection
    schema: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    open: bool = True
    savepoints: int = 0
    outbox: list[Any] = field(default_factory=list)
    send: "Callable[[Unit], Awaitable[None]] | None" = None

    async def conclude(self) -> None:
        """Send what is in the outbox, within the transaction; the commit does it if nobody did before."""
        if self.send is not None:
            send, self.send = self.send, None
            await send(self)
            self.outbox.clear()


_current: ContextVar[Unit | None] = ContextVar("threatweaver_unit", default=None)


def current(schema: str | None = None) -> Unit:
    """Return the open unit of this task; with `schema` "control" or "tenant", only if it is of that kind."""
    unit = _current.get()
    if unit is None or not unit.open:
        raise NoScope("a query ran outside a tenant or control scope")
    if schema is not None and (schema == CONTROL) != (unit.schema == CONTROL):
        raise NoScope(f"a query on {schema} tables ran in the scope of {unit.schema}")
    return unit


def in_scope() -> bool:
    """Say whether this task is inside an open unit."""
    unit = _current.get()
    return unit is not None and unit.open


def connection() -> asyncpg.Connection:
    """Return the connection of the current unit, for set-based SQL in queries.py."""
    return current().connection


async def copy_rows(
    table: str,
    rows: Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]],
    columns: Sequence[str] | None = None,
) -> None:
    """COPY rows into a table of the current unit, as asyncpg's `copy_records_to_table`.

    Raises asyncpg.ConnectionDoesNotExistError when the connection is lost meanwhile: asyncpg itself goes on
    waiting until it may write more, which is then for ever.
    """
    held, lost = connection(), asyncio.Event()

    def tell(_: object) -> None:
        lost.set()

    held.add_termination_listener(tell)
    copying = asyncio.create_task(held.copy_records_to_table(table, records=rows, columns=columns))
    losing = asyncio.create_task(lost.wait())
    try:
        await asyncio.wait({copying, losing}, return_when=asyncio.FIRST_COMPLETED)
        if not copying.done():
            raise asyncpg.ConnectionDoesNotExistError("the connection was lost in the middle of a COPY")
        await copying
    finally:
        losing.cancel()
        if not copying.done():
            copying.add_done_callback(_passed_over)
            copying.cancel()
            if not lost.is_set():  # who was cancelled leaves a connection that can be used
                await asyncio.wait({copying})
        held.remove_termination_listener(tell)


def _passed_over(task: asyncio.Task[Any]) -> None:
    """Look at how a task ended, so that asyncio does not say that nobody did."""
    if not task.cancelled():
        task.exception()


async def analyze(*tables: str) -> None:
    """Refresh the planner's statistics of the tenant's tables, after a bulk write and in its transaction.

    Autovacuum comes up to a minute later, and plans made on an empty table's statistics take minutes at
    a million rows. Only the owner of a table may analyze it.
    """
    schema = current("tenant").schema
    await in_control("ANALYZE " + ", ".join(f'"{schema}"."{table}"' for table in tables))


async def in_control(statement: str) -> None:
    """Run one statement of the kernel's without the tenant's role, in its transaction, which goes on with it.

    In one message with the change of role and back, so that nothing else comes in between. The statement
    names schemas itself and holds no value from outside.
    """
    unit = current("tenant")
    await unit.connection.execute(f'SET LOCAL ROLE NONE; {statement}; SET LOCAL ROLE "{unit.schema}"')


async def keep_session(_: asyncpg.Connection) -> None:
    """Replace asyncpg's reset on release: every setting of ours is SET LOCAL and ended with its unit."""


class Database:
    """The process's connection pool and the only door to a transaction."""

    def __init__(self, dsn: str, *, size: int = 8, statement_timeout: float = 30.0) -> None:
        self.dsn = dsn
        self._size = size
        self._timeout = statement_timeout
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Connect. Raises OSError or asyncpg.PostgresError when the server cannot be reached."""
        self._pool = await asyncpg.create_pool(
            self.dsn,
            min_size=1,
            max_size=self._size,
            reset=keep_session,
            max_inactive_connection_lifetime=300,
            server_settings={
                "application_name": "threatweaver",
                "search_path": "",
                "statement_timeout": str(int(self._timeout * 1000)),
                "idle_in_transaction_session_timeout": str(int(2 * self._timeout * 1000)),
                "timezone": "UTC",
            },
        )

    async def close(self) -> None:
        """Close every connection, waiting briefly for those in use."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), 10)
            except TimeoutError:
                self._pool.terminate()
            self._pool = None

    @asynccontextmanager
    async def tenant(self, schema: str, *, read_only: bool = False) -> AsyncIterator[Unit]:
        """Open a transaction as the tenant's database role, which can touch its own schema only."""
        if not _SCHEMA.fullmatch(schema):
            raise NoScope(f"{schema!r} is no tenant schema")
        mode = " READ ONLY" if read_only else ""
        begin = f'BEGIN{mode}; SET LOCAL ROLE "{schema}"; SET LOCAL search_path = "{schema}"'
        async with self._unit(begin, schema) as unit:
            yield unit

    @asynccontextmanager
    async def control(self, *, read_only: bool = False) -> AsyncIterator[Unit]:
        """Open a transaction on the control schema: tenants, users, sessions, license, jobs."""
        mode = " READ ONLY" if read_only else ""
        async with self._unit(f"BEGIN{mode}; SET LOCAL search_path = {CONTROL}", CONTROL) as unit:
            yield unit

    async def go_on_in_control(self, unit: Unit) -> None:
        """Leave the tenant's role for the control schema within the transaction, so that both commit as one.

        For the kernel alone, once the handler is done: what runs after this is no plugin's code.
        """
        if unit.schema != CONTROL:
            await unit.connection.execute(f"SET LOCAL ROLE NONE; SET LOCAL search_path = {CONTROL}")
            unit.schema = CONTROL

    async def go_on_in_tenant(self, unit: Unit, schema: str) -> None:
        """Leave the control schema for a tenant's, as that tenant, within the transaction.

        For the kernel alone: rights that need both, and the audit line of a control write.
        """
        if not _SCHEMA.fullmatch(schema):
            raise NoScope(f"{schema!r} is no tenant schema")
        if unit.schema != schema:
            await unit.connection.execute(f'SET LOCAL ROLE "{schema}"; SET LOCAL search_path = "{schema}"')
            unit.schema = schema

    @asynccontextmanager
    async def owner(self, schema: str) -> AsyncIterator[Unit]:
        """Open a transaction in a schema as its owner: migrations and provisioning only."""
        if schema != CONTROL and not _SCHEMA.fullmatch(schema):
            raise NoScope(f"{schema!r} is no schema of ours")
        begin = f'BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL search_path = "{schema}"'
        async with self._unit(begin, schema) as unit:
            yield unit

    @asynccontextmanager
    async def _unit(self, begin: str, schema: str) -> AsyncIterator[Unit]:
        if self._pool is None:
            raise NoScope("the database is not open")
        held = await self._acquire(self._pool)
        unit = Unit(connection=held, schema=schema)
        token = _current.set(unit)
        try:
            await held.execute(begin)
            yield unit
            await unit.conclude()
            unit.open = False
            if await held.execute("COMMIT") != "COMMIT":
                raise CommitFailed("the transaction was rolled back")
        except BaseException:
            unit.open = False
            # Shielded: a cancelled request must not hand its open transaction to the next one.
            await asyncio.shield(self._abandon(held))
            raise
        else:
            await self._pool.release(held)  # shields itself
        finally:
            _current.reset(token)

    @staticmethod
    async def _acquire(pool: asyncpg.Pool) -> Any:
        try:
            return await pool.acquire(timeout=10)
        except TimeoutError:
            raise
        except OSError as error:  # a Unix socket that is gone is FileNotFoundError, no ConnectionError
            raise Unreachable(str(error)) from error

    async def _abandon(self, held: Any) -> None:
        clean = False
        try:
            if not held.is_closed():
                await held.execute("ROLLBACK", timeout=5)
                clean = True
        except LOST:
            pass  # the unit's own error is already on its way to the caller
        finally:
            if not clean:  # whatever went wrong, an open transaction must not go back to the pool
                held.terminate()
            if self._pool is not None:
                await self._pool.release(held)


async def listen(
    database: Database, channel: str, received: Callable[[str], Awaitable[None]], stop: asyncio.Event
) -> None:
    """Call `received(payload)` for every NOTIFY on the channel until stop; reconnects by itself."""
    while not stop.is_set():
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        try:
            dedicated = await asyncpg.connect(database.dsn, timeout=10)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            await _pause(stop, 1.0)
            continue
        try:
            await dedicated.add_listener(channel, lambda *event, q=queue: q.put_nowait(event[3]))
            dedicated.add_termination_listener(lambda *_, q=queue: q.put_nowait(None))
            await received("")  # something may have been announced while we were away
            await _forward(queue, received, stop)
        except LOST:
            await _pause(stop, 1.0)
        finally:
            with suppress(*LOST):
                await dedicated.close(timeout=2)


async def _forward(
    queue: asyncio.Queue[str | None], received: Callable[[str], Awaitable[None]], stop: asyncio.Event
) -> None:
    stopping = asyncio.create_task(stop.wait())
    try:
        while True:
            item = asyncio.create_task(queue.get())
            done, _ = await asyncio.wait({item, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if item not in done:
                item.cancel()
                return
            payload = item.result()
            if payload is None:
                return
            await received(payload)
    finally:
        stopping.cancel()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
