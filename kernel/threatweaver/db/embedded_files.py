"""The folders and settings of the embedded PostgreSQL below the home of ThreatWeaver."""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from threatweaver.db.embedded_programs import (
    MAJOR,
    Account,
    EmbeddedError,
    blocking_folder,
    present_account,
)

SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 103  # macOS; Linux has 107
_LOCK_SECONDS = 330
_INCLUDE = "include '../threatweaver.conf'"
_MEBIBYTE = 1024 * 1024
_HEADER = "# Written by ThreatWeaver at every start. To change a setting, use ALTER SYSTEM in the database.\n"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the parts of the embedded PostgreSQL are."""

    home: Path

    @property
    def root(self) -> Path:
        """The folder that holds all the others; not writable by the database's own user."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """The data folder of PostgreSQL."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """The log folder: a file for each day of the week, and start.log of the last start."""
        return self.root / "log"


def make_folders(home: Path) -> Folders:
    """Create the home and our folder in it, enterable by the database's user under root."""
    # pg_ctl hands paths to a shell between double quotes, and a DSN splits hosts at commas.
    folders = Folders(home.expanduser().resolve())
    if re.search(r"[\"'$`\\,\x00-\x1f\x7f]", str(folders.home)):
        raise EmbeddedError(
            f"Choose a --home without quotes, commas, $, \\ and control characters, not {home}."
        )
    for path in reversed([path for path in (folders.root, *folders.root.parents) if not path.exists()]):
        path.mkdir(exist_ok=True)
        path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folders


def _open_lock(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:  # the owner of the folder must be able to lock without root, too
        owner = folder.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
    return handle


@asynccontextmanager
async def start_lock(folder: Path) -> AsyncIterator[None]:
    """Let one start at a time work in a folder; the lock ends with the process that holds it."""
    handle = _open_lock(folder)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedError(f"Another start of the database in {folder} does not end.") from None
                await asyncio.sleep(0.05)
        yield
    finally:
        os.close(handle)


async def open_way(folders: Folders, account: Account) -> None:
    """Make sure the database's user can enter our folder, or say which folder is in the way."""
    if account.is_present_user:
        return
    for path in (folders.home, folders.root):
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & 0o011 != 0o011:
            path.chmod(stat.S_IMODE(found.st_mode) | 0o011)
    if blocking := await blocking_folder(folders.root, account):
        raise EmbeddedError(
            f"The database runs as the user {account.name}, who cannot enter {blocking}; "
            "choose another --home, for example --home /var/lib/threatweaver."
        )


def is_initialized(folders: Folders) -> bool:
    """Whether the data folder holds a database of our version; anything else in it is an error."""
    data = folders.data
    if not data.exists():
        return False
    owner = data.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise EmbeddedError(f"{data} belongs to the user id {owner}: start as that user or as root.")
    version = data / "PG_VERSION"
    if not version.exists():
        if any(data.iterdir()):
            raise EmbeddedError(f"{data} holds files but no database; move it away and start again.")
        return False
    found = version.read_text().strip()
    if found != str(MAJOR):
        raise EmbeddedError(
            f"{data} was written by PostgreSQL {found}, and this is PostgreSQL {MAJOR}; restore a "
            "backup into a new --home, or go back to the version of ThreatWeaver that wrote it."
        )
    return True


def remove_leftovers(folders: Folders) -> None:
    """Remove what starts that were killed have left unfinished."""
    for left in folders.root.glob("*.new-*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink()


def make_private(path: Path, account: Account) -> None:
    """Give a folder of ours with all it holds to the database's user, and close it to others."""
    if path.stat().st_uid != account.uid:
        for folder, _, files in os.walk(path, topdown=False):  # the top last: it tells that all is done
            for name in (*files, "."):
                os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)
    path.chmod(0o700)


def _fits(socket_dir: Path) -> bool:
    return len(os.fsencode(socket_dir / SOCKET)) <= _SOCKET_PATH_BYTES


async def _choose_socket_dir(folders: Folders, account: Account) -> Path:
    name = "threatweaver-" + hashlib.sha256(os.fsencode(folders.home)).hexdigest()[:16]
    temporary = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 - the folder is private and checked
    for path in (folders.root / "run", *(place / name for place in temporary)):
        if _fits(path) and not await blocking_folder(path.parent, account):
            return path
    raise EmbeddedError(
        f"No place for the database's socket: {folders.home} is too long; choose another --home."
    )


async def make_socket_dir(folders: Folders, account: Account) -> Path:
    """Create the private folder of the socket: in our folder, or in the temporary one if that is too deep."""
    path = await _choose_socket_dir(folders, account)
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    ours = path.parent == folders.root or found.st_uid in (os.geteuid(), account.uid)
    if not stat.S_ISDIR(found.st_mode) or not ours:
        raise EmbeddedError(f"{path} is needed for the database's socket but belongs to somebody else.")
    make_private(path, account)
    return path


def make_log_dir(folders: Folders, account: Account) -> None:
    """Create the private folder of the log files."""
    folders.log.mkdir(mode=0o700, exist_ok=True)
    make_private(folders.log, account)


def log_tail(folders: Folders, since: float) -> str:
    """Return the last lines the server wrote since a moment, for the person at the terminal."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(since))
    lines: list[str] = []
    for path in sorted(folders.log.glob("*.log"), key=lambda path: path.stat().st_mtime):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            said = file.read().decode(errors="replace").splitlines()[1 if file.tell() > 8192 else 0 :]
        lines += [line for line in said if line >= moment]  # a line without a time begins with a letter
    return "\n".join(lines[-15:])


def _memory() -> int:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # the limit of a container; "max" is none
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(memory, 512 * _MEBIBYTE)


def _shared_memory_type() -> str:
    # Containers often have a /dev/shm of 64 MB, where parallel queries fail.
    with suppress(OSError):
        if shutil.disk_usage("/dev/shm").total < 256 * _MEBIBYTE:  # noqa: S108 - only measured
            return "sysv"
    return "posix"


def _settings(folders: Folders, socket_dir: Path) -> str:
    memory = _memory() // _MEBIBYTE
    lines = (
        "listen_addresses = ''",
        "port = 5432",
        f"unix_socket_directories = '\"{socket_dir}\"'",
        "unix_socket_permissions = 0700",
        f"hba_file = '{folders.root}/pg_hba.conf'",
        f"ident_file = '{folders.root}/pg_ident.conf'",
        "max_connections = 100",
        f"shared_buffers = {min(256, memory // 8)}MB",
        f"effective_cache_size = {memory // 2}MB",
        "work_mem = 16MB",
        "maintenance_work_mem = 128MB",
        "huge_pages = try",
        f"dynamic_shared_memory_type = {_shared_memory_type()}",
        "fsync = on",
        "synchronous_commit = on",
        "wal_compression = on",
        "max_wal_size = 2GB",
        "checkpoint_timeout = 15min",
        "random_page_cost = 1.1",
        "jit = off",
        "timezone = 'UTC'",
        "cluster_name = 'threatweaver'",
        "logging_collector = on",
        f"log_directory = '{folders.log}'",
        # A file per day of the week, each emptied when its day comes again: a week is kept.
        "log_filename = 'postgres-%a.log'",
        "log_truncate_on_rotation = on",
        "log_rotation_age = 1d",
        "log_rotation_size = 0",
        "log_timezone = 'UTC'",
        "log_line_prefix = '%m [%p] %q%u@%d '",
        "log_checkpoints = off",
        "log_min_duration_statement = 2s",
    )
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    handle, fresh = tempfile.mkstemp(prefix=f"{path.name}.new-", dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(_HEADER + text)
        os.fchmod(handle, 0o644)  # the database's user reads them
    Path(fresh).replace(path)


def write_settings(folders: Folders, socket_dir: Path, account: Account) -> None:
    """Write the server's settings, and who may connect: the database's user, this user and root."""
    root = folders.root
    _write(root / "threatweaver.conf", _settings(folders, socket_dir))
    _write(
        root / "pg_hba.conf",
        "local all threatweaver peer map=threatweaver\n"
        "local replication threatweaver peer map=threatweaver\n",
    )
    names = dict.fromkeys((account.name, present_account().name, "root"))
    _write(root / "pg_ident.conf", "".join(f'threatweaver "{name}" threatweaver\n' for name in names))


def include_settings(data: Path) -> None:
    """Make the data folder's postgresql.conf read our settings."""
    path = data / "postgresql.conf"
    if _INCLUDE in path.read_text().splitlines():
        return
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
    with os.fdopen(handle, "w") as file:
        file.write(f"\n{_INCLUDE}\n")
        file.flush()
        os.fsync(handle)


def move_into_place(fresh: Path, data: Path) -> None:
    """Give a complete data folder its name, so that one half made is never mistaken for it."""
    fresh.rename(data)
    handle = os.open(data.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
