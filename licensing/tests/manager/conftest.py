"""The license manager as a process of its own, once over SQLite and once over a PostgreSQL server."""

import functools
import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from warm import Warm

from threatweaver_licensing.cli import main

SCOPES = "read,issue,revoke,lists,audit"
SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


@functools.cache
def warm():
    """The process that the manager's commands are forked from; it ends with this one."""
    return Warm("threatweaver_licensing.cli:main", "threatweaver_licensing.manager.commands")


class Server:
    """A PostgreSQL server of the distribution, on a socket."""

    def __init__(self, folder):
        if not SERVERS:
            pytest.fail("run: apt-get install --yes --no-install-recommends postgresql")
        self.folder = folder
        self.account = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            self.account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self.tool(
            "initdb", "-D", "data", "-U", "owner", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"
        )
        self.start()

    def tool(self, name, *arguments):
        command = [SERVERS[-1] / name, *arguments]
        done = subprocess.run(
            command,
            check=True,
            timeout=60,
            cwd=self.folder,
            capture_output=name == "psql",
            text=True,
            **self.account,
        )
        return done.stdout

    def start(self):
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        self.tool("pg_ctl", "start", "-D", "data", "-w", "-s", "-o", options, "-l", "log")

    def stop(self):
        self.tool("pg_ctl", "stop", "-D", "data", "-m", "immediate", "-s")

    def new(self):
        name = f"lm_{uuid4().hex}"
        self.tool("createdb", "-h", self.folder, "-U", "owner", name)
        return f"postgresql://owner@/{name}?host={self.folder}"

    def copy(self, database):
        name = f"lm_{uuid4().hex}"
        source = re.search(r"lm_[0-9a-f]+", database)[0]
        self.tool("createdb", "-h", self.folder, "-U", "owner", "-T", source, name)
        return database.replace(source, name)

    def sql(self, database, statement):
        name = re.search(r"lm_[0-9a-f]+", database)[0]
        return self.tool(
            "psql", "-h", self.folder, "-U", "owner", "-v", "ON_ERROR_STOP=1", "-qAt", "-c", statement, name
        )


@pytest.fixture(scope="session")
def postgres():
    folder = Path(tempfile.mkdtemp(prefix="tw-license-pg-"))
    folder.chmod(0o755)
    server = Server(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


class Files:
    """SQLite in files of a folder."""

    def __init__(self, folder):
        self.folder = folder

    def new(self):
        return str(self.folder / f"{uuid4().hex}.sqlite3")

    def copy(self, database):
        return shutil.copy(database, self.new())

    def sql(self, database, statement):
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            return "\n".join("|".join(map(str, row)) for row in connection.execute(statement))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def databases(request, tmp_path_factory):
    """Where databases come from: `new` makes an empty one, `sql` works on one behind the manager's back."""
    if request.param == "sqlite":
        return Files(tmp_path_factory.mktemp("databases"))
    return request.getfixturevalue("postgres")


class Manager:
    """A manager: its files, its commands, its process, its API."""

    def __init__(self, folder, database):
        self.folder, self.database = folder, database
        self.key = folder / "first.key"
        main(["keygen", "--out", str(folder), "--name", "first"])
        self.process = self.said = self.url = None
        self.log = folder / "log"

    def command(self, *argv, check=True, database=None):
        """Run a command of the manager: exit code, and what it printed."""
        # A process each: Tortoise settles on the SQL of one kind of database in a process.
        environment = os.environ | {"LICENSE_MANAGER_DATABASE": database or self.database}
        done = warm().run(["threatweaver-license", "manager", *map(str, argv)], env=environment)
        assert not check or done.returncode == 0, done.stderr
        return done.returncode, done.stdout + done.stderr

    def start(self, *argv, key=None):
        command = ["threatweaver-license", "manager", "serve", "--port", "0", "--key", key or self.key, *argv]
        environment = os.environ | {"LICENSE_MANAGER_DATABASE": self.database}
        reading, writing = os.pipe()
        with self.log.open("a") as log:
            command = list(map(str, command))
            self.process = warm().start(command, env=environment, out=writing, err=log.fileno())
        os.close(writing)
        self.said = os.fdopen(reading)  # kept open for as long as it may print
        line = self.said.readline()
        assert line.startswith("license manager on "), self.log.read_text()
        self.url = line.split()[-1]

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=20)
        self.said.close()
        return code

    def call(self, method, path, body=None, *, token=None, **more):
        """Call the API: status, and the JSON answered."""
        headers = {"Authorization": f"Bearer {token or self.token}"} | more.pop("headers", {})
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=30, **more)
        return answer.status_code, answer.json()

    def text(self, path):
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(self.url + path, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    def issue(self, customer="Example Ltd", **more):
        """Issue a license, and return it as the API shows it."""
        self.call("POST", "/api/customers", {"name": customer})
        body = {"customer": customer, "modules": "*", "seats": 5} | more
        status, answer = self.call(
            "POST", "/api/licenses", body | ({} if "expires" in more else {"days": 30}) | more
        )
        assert status == 201, answer
        return answer["data"]


@pytest.fixture(scope="module")
def make_manager(databases, tmp_path_factory):
    """Make managers over databases of their own; they are stopped at the end."""
    made = []

    def make():
        manager = Manager(tmp_path_factory.mktemp("manager"), databases.new())
        made.append(manager)
        manager.command("init")
        manager.token = manager.command("token", "create", "everything", "--scopes", SCOPES)[1].strip()
        return manager

    yield make
    for manager in made:
        if manager.process is not None and manager.process.poll() is None:
            manager.stop()


@pytest.fixture(scope="module")
def manager(make_manager):
    """A manager that runs."""
    made = make_manager()
    made.start()
    return made
