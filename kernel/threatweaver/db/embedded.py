"""The embedded PostgreSQL's life: start or adopt it, stop it, ask whether it runs."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import asyncpg

from threatweaver.db.embedded_files import (
    Folders,
    include_settings,
    is_initialized,
    log_tail,
    make_folders,
    make_log_dir,
    make_private,
    make_socket_dir,
    move_into_place,
    open_way,
    remove_leftovers,
    start_lock,
    write_settings,
)
from threatweaver.db.embedded_process import (
    quit_orphans,
    recorded_socket_dir,
    remove_stale_files,
    running_pid,
    socket_answers,
)
from threatweaver.db.embedded_programs import (
    Account,
    EmbeddedError,
    database_account,
    find_programs,
    run_program,
)

__all__ = ["EmbeddedError", "EmbeddedServer", "running", "start", "status", "stop"]

_READY_SECONDS = 300  # recovery reads up to max_wal_size of log
_ORPHAN_SECONDS = 15
_ORPHAN_PATIENCE_SECONDS = 2
_IMMEDIATE_SECONDS = 10
# What PostgreSQL says while something of a killed server is left: memory, or a process not yet waited for.
_REMAINS = ("is still in use", 'lock file "postmaster.pid" already exists')


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """A running embedded PostgreSQL and how to reach it."""

    data: Path
    socket_dir: Path
    port: int = 5432
    user: str = "threatweaver"
    database: str = "threatweaver"

    @property
    def dsn(self) -> str:
        """The connection string for asyncpg and psql."""
        host = quote(str(self.socket_dir))
        return f"postgresql://{self.user}@/{self.database}?host={host}&port={self.port}"


async def start(home: Path) -> EmbeddedServer:
    """Return a server of this home that accepts connections, creating, starting or adopting it."""
    try:
        folders = make_folders(home)
        async with start_lock(folders.root):
            return await _start_or_adopt(folders)
    except OSError as error:
        place, reason = error.filename or home, error.strerror or error
        raise EmbeddedError(f"The embedded PostgreSQL cannot use {place}: {reason}.") from error
    except asyncpg.PostgresError as error:
        raise EmbeddedError(f"The embedded PostgreSQL in {home} refused to serve us: {error}.") from error


async def running(home: Path) -> EmbeddedServer | None:
    """Return the server of this home if it runs; starts nothing."""
    data = home / "postgres" / "data"
    if running_pid(data) is None or (socket_dir := recorded_socket_dir(data)) is None:
        return None
    return EmbeddedServer(data=data, socket_dir=socket_dir)


async def status(server: EmbeddedServer) -> int | None:
    """Return the process id of the server, or None when it does not run."""
    return running_pid(server.data)


async def stop(server: EmbeddedServer, *, timeout: float = 20) -> None:  # noqa: ASYNC109 - per signal
    """Stop the server and wait for its end, ending its connections; without a checkpoint as last resort."""
    pid = running_pid(server.data)
    if pid is None:
        return
    for number, seconds in ((signal.SIGINT, timeout), (signal.SIGQUIT, _IMMEDIATE_SECONDS)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while running_pid(server.data) == pid:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.02)
        else:
            return
    raise EmbeddedError(f"The embedded PostgreSQL, process {pid}, does not stop.")


async def _start_or_adopt(folders: Folders) -> EmbeddedServer:
    began = time.time()
    deadline = time.monotonic() + _READY_SECONDS
    launched = False
    while time.monotonic() < deadline:
        if running_pid(folders.data) is None:
            if launched:
                raise EmbeddedError(_with_tail("The embedded PostgreSQL ended", log_tail(folders, began)))
            await _launch(folders)
            launched = True
        if socket_dir := recorded_socket_dir(folders.data):
            server = EmbeddedServer(data=folders.data, socket_dir=socket_dir)
            if await _accepts(server):
                return server
        await asyncio.sleep(0.05)
    raise EmbeddedError(
        _with_tail("The embedded PostgreSQL runs but does not accept connections", log_tail(folders, began))
    )


async def _accepts(server: EmbeddedServer) -> bool:
    try:
        connection = await asyncpg.connect(server.dsn, timeout=5)
    except asyncpg.InvalidCatalogNameError:
        await _create_database(server)
        return True
    except PermissionError:
        raise
    except (asyncpg.OperatorInterventionError, asyncpg.PostgresConnectionError, OSError):
        return False  # it starts, recovers or shuts down
    await connection.close()
    return True


async def _create_database(server: EmbeddedServer) -> None:
    connection = await asyncpg.connect(replace(server, database="postgres").dsn, timeout=5)
    try:
        await connection.execute(f'CREATE DATABASE "{server.database}"')
    finally:
        await connection.close()


async def _launch(folders: Folders) -> None:
    initialized = is_initialized(folders)
    await asyncio.to_thread(remove_leftovers, folders)
    account = await database_account(folders.data)
    await open_way(folders, account)
    programs = await find_programs(folders.root, account)
    socket_dir = await make_socket_dir(folders, account)
    if not initialized:
        await _initialize(folders, programs, account)
    await asyncio.to_thread(make_private, folders.data, account)
    include_settings(folders.data)
    make_log_dir(folders, account)
    write_settings(folders, socket_dir, account)
    began = time.monotonic()
    while problem := await _start_server(folders, programs, account, socket_dir):
        waited = time.monotonic() - began
        # Backends of a killed server end by themselves unless they are in the middle of a query.
        if not any(sign in problem for sign in _REMAINS) or waited > _ORPHAN_SECONDS:
            raise EmbeddedError(_with_tail("The embedded PostgreSQL did not start", problem))
        if waited > _ORPHAN_PATIENCE_SECONDS:
            quit_orphans(folders.data)
        await asyncio.sleep(0.2)


async def _initialize(folders: Folders, programs: Path, account: Account) -> None:
    fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=folders.root))
    make_private(fresh, account)
    options = (
        "--username=threatweaver --auth=reject --encoding=UTF8 --locale=C --locale-provider=builtin "
        "--builtin-locale=C.UTF-8 --data-checksums"
    )
    command: list[str | Path] = [programs / "initdb", "-D", fresh, *options.split()]
    code, said = await run_program(command, account=account, folder=folders.root)
    if code != 0:
        await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)
        raise EmbeddedError(_with_tail(f"PostgreSQL could not create its data in {folders.data}", said))
    include_settings(fresh)
    move_into_place(fresh, folders.data)


async def _start_server(folders: Folders, programs: Path, account: Account, socket_dir: Path) -> str | None:
    """Return None when the server runs, otherwise what it said."""
    if socket_answers(socket_dir):
        return f"{socket_dir} is still in use by a server not visible from here, as in another container"
    remove_stale_files(folders.data, socket_dir)
    # pg_ctl detaches the server: as a child of ours it would be killed with our event loop.
    log = folders.log / "start.log"
    log.unlink(missing_ok=True)
    began = time.time()
    command: list[str | Path] = [programs / "pg_ctl", "start", "--silent", "--wait", "--timeout=60"]
    command += ["-D", folders.data, "-l", log]
    code, said = await run_program(command, account=account, folder=folders.root)
    if code == 0 or running_pid(folders.data) is not None:
        return None
    return f"{said}\n{log_tail(folders, began)}"


def _with_tail(sentence: str, said: str) -> str:
    lines = said.strip().splitlines()[-15:]
    return (
        f"{sentence}. Its last words:\n" + "\n".join(f"  {line}" for line in lines)
        if lines
        else f"{sentence}."
    )
