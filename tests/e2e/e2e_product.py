"""The product as a real process: started by its command, spoken to over HTTP, stopped by a signal."""

import fcntl
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import quick
import requests
from warm import Running, Warm

COMMAND = str(Path(sys.executable).with_name("threatweaver"))
LOADED = (
    *(f"threatweaver.commands.{name}" for name in ("doctor", "people", "plugins", "product", "tenants")),
    *(f"threatweaver.{name}.commands" for name in ("audit", "secrets", "tenancy", "notify.mail")),
    "threatweaver_exposure.plugin",
    "threatweaver_appsec.plugin",
)
"""What commands load: with it they start at once."""
PASSWORD = "correct-horse-battery"
NOTHING_LEFT_WITHIN = 10


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of the product, and with these."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("TW_", "DATABASE_URL"))}
    return kept | {"TW_RATE_LIMIT": "0"} | settings


@functools.cache
def warm() -> Warm:
    """The process that commands of these tests are forked from; it ends with this one."""
    return Warm("threatweaver.cli:main", "threatweaver.app", *LOADED)


def run(*arguments: str, timeout: float = 60, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the product to its end."""
    return warm().run([COMMAND, *arguments], env=environment(**settings), timeout=timeout)


def belonging(home: Path) -> list[psutil.Process]:
    """Every process that works for this home: PostgreSQL's with its backends, and the product's own."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = process.cmdline()
            if process.status() != psutil.STATUS_ZOMBIE and (
                any(str(home) in word for word in command)
                or process.environ().get("TW_HOME") == str(home)
                or process.cwd().startswith(str(home))
            ):
                found.append(process)
    return found


def new_home(like: Path | None = None) -> Path:
    """Return a fresh data folder, empty or like another one in which nothing runs."""
    path = Path(tempfile.mkdtemp(prefix="threatweaver-e2e-", dir=quick.folder()))
    path.chmod(0o755)  # under root, the database's own user passes through
    if like is not None:
        subprocess.run(["cp", "-a", f"{like}/.", str(path)], check=True, timeout=60)  # owners, too
    return path


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[Path]:
    """Let one of several test processes work in a folder."""
    with (folder / "started.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def remove_home(path: Path) -> None:
    """Remove a data folder; whatever still ran in it is ended, and a failure."""
    left = belonging(path)
    for process in left:
        process.kill()
    shutil.rmtree(path, ignore_errors=True)
    assert not left, f"still ran in {path}: {left}"


def wait_until(true, *, seconds: float, what: str, pause: float = 0.05):
    """Return the first truthy answer, or fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)
    return answer


@dataclass
class Product:
    """One run of `threatweaver up`."""

    home: Path
    process: subprocess.Popen[bytes] | Running
    line: dict = field(default_factory=dict)
    seconds: float = 0.0
    password: str = PASSWORD
    _token: str = ""

    @property
    def url(self) -> str:
        return self.line["url"]

    @property
    def log(self) -> str:
        return (self.home / "up.log").read_text()

    def child(self, name: str) -> psutil.Process | None:
        """The newest process of that name: template, serve-1, worker."""
        named = []
        for item in psutil.process_iter():
            with suppress(psutil.Error):
                if " ".join(item.cmdline()).strip() == f"threatweaver: {name} {self.home}":
                    named.append(item)
        return max(named, key=lambda item: item.create_time(), default=None)

    def postmaster(self) -> psutil.Process:
        pid = int((self.home / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
        return psutil.Process(pid)

    def token(self) -> str:
        if not self._token:
            answer = requests.post(
                f"{self.url}/api/auth/login",
                json={"email": self.line["admin"]["email"], "password": self.password},
                timeout=20,
            )
            assert answer.status_code == 200, answer.text
            self._token = answer.json()["token"]
        return self._token

    def token_of(self, role: str) -> str:
        """A token of a new user with this role."""
        email = f"{role}@example.com"
        words = ["user", "create", email, "--tenant", self.line["tenant"], "--role", role]
        made = run(*words, "--password", PASSWORD, TW_HOME=str(self.home))
        assert made.returncode == 0, made.stderr
        body = {"email": email, "password": PASSWORD}
        return requests.post(f"{self.url}/api/auth/login", json=body, timeout=20).json()["token"]

    def request(self, method: str, path: str, **options) -> requests.Response:
        """Ask as the administrator."""
        headers = {"Authorization": f"Bearer {self.token()}", **options.pop("headers", {})}
        options.setdefault("timeout", 30)
        return requests.request(method, self.url + path, headers=headers, **options)

    def get(self, path: str, **options) -> requests.Response:
        return self.request("GET", path, **options)

    def upload(self, report: Path, *, wait: int = 0) -> requests.Response:
        with report.open("rb") as file:
            headers = {"Prefer": f"wait={wait}"}
            return self.request("POST", "/api/imports", files={"file": file}, headers=headers, timeout=90)

    def job(self, job_id: str) -> dict:
        return self.get(f"/api/jobs/{job_id}").json()

    def finished(self, job_id: str, *, seconds: float) -> dict:
        """The job's last state, asked for patiently: the API may be away for a moment."""

        def done():
            with suppress(requests.RequestException):
                answer = self.get(f"/api/jobs/{job_id}")
                if answer.status_code == 200 and answer.json()["status"] not in {"queued", "running"}:
                    return answer.json()
            return None

        return wait_until(done, seconds=seconds, what=f"job {job_id} ends")

    def stop(self, number: int = signal.SIGTERM, *, group: bool = False) -> int:
        """Stop as a service manager does, or as Ctrl-C does; return the exit code."""
        if self.process.poll() is None:
            (os.killpg if group else os.kill)(self.process.pid, number)
        return self.process.wait(30)

    def assert_nothing_left(self) -> None:
        def left():
            return [(item.pid, item.cmdline()) for item in belonging(self.home)]

        wait_until(lambda: not left(), seconds=NOTHING_LEFT_WITHIN, what=f"nothing is left of {self.home}")


def start(
    home: Path, *arguments: str, program: str = "", ready_within: float = 60, **settings: str
) -> Product:
    """Run `threatweaver up --json` in a session of its own and wait for its line.

    A program that is named is started like that, and does all that a first start does; none is forked.
    """
    settings = {"TW_ADMIN_PASSWORD": PASSWORD} | settings
    began = time.monotonic()
    command = [program or COMMAND, "up", "--home", str(home), "--json", *(arguments or ("--port", "0"))]
    home.mkdir(exist_ok=True)
    with (home / "up.log").open("w") as log, (home / "up.out").open("w") as out:
        given = environment(**settings)
        if program:
            process = subprocess.Popen(command, env=given, stdout=out, stderr=log, start_new_session=True)
        else:
            process = warm().start(command, env=given, out=out.fileno(), err=log.fileno(), session=True)

    def line() -> str:
        assert process.poll() is None, (
            f"ended with {process.returncode}: {(home / 'up.log').read_text()[-2000:]}"
        )
        return (home / "up.out").read_text()

    try:
        text = wait_until(line, seconds=ready_within, what="up prints its line")
    except BaseException:
        process.kill()
        process.wait()
        raise
    seconds = time.monotonic() - began
    assert text.count("\n") == 1, text
    return Product(home=home, process=process, line=json.loads(text), seconds=seconds)
