"""With DATABASE_URL the product uses that server and leaves it alone; Debian's PostgreSQL 15 will do."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest
from e2e_product import belonging, run, start

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
DEBIAN = SERVERS[-1] if SERVERS else Path("/usr/lib/postgresql")


@pytest.fixture
def distribution_postgres(fresh_home):
    """The distribution's newest PostgreSQL on a socket, as its own user."""
    folder = fresh_home / "other"
    folder.mkdir()
    if not (DEBIAN / "initdb").exists():
        pytest.fail("run: apt-get install --yes --no-install-recommends postgresql")
    account = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def tool(name, *arguments):
        subprocess.run([str(DEBIAN / name), *arguments], check=True, timeout=60, cwd=folder, **account)

    data = folder / "data"
    tool("initdb", "-D", str(data), "-U", "owner", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    tool("pg_ctl", "start", "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"))
    tool("createdb", "-h", str(folder), "-U", "owner", "tw")
    yield f"postgresql://owner@/tw?host={folder}"
    tool("pg_ctl", "stop", "-D", str(data), "-m", "immediate")
    shutil.rmtree(folder, ignore_errors=True)


def test_any_server_will_do(fresh_home, distribution_postgres, report):
    product = start(fresh_home, "--port", "0", DATABASE_URL=distribution_postgres)
    assert not (fresh_home / "postgres").exists()
    first = product.upload(report(hosts=20, findings=1500), wait=60).json()
    assert first["status"] == "completed", first
    assert first["result"]["created"] > 1000
    again = product.upload(report(hosts=20, findings=1500), wait=60).json()["result"]
    assert (again["created"], again["updated"], again["closed"]) == (0, 0, 0)
    assert product.get("/api/dashboard/kpis").json()["totalAssets"] == 20
    checked = run("doctor", "--home", str(fresh_home), DATABASE_URL=distribution_postgres)
    assert checked.returncode == 0, checked.stdout
    assert "PostgreSQL 15." in checked.stdout
    assert product.stop() == 0
    assert [item for item in belonging(fresh_home) if item.name() != "postgres"] == []
    listed = run("tenant", "list", "--home", str(fresh_home), DATABASE_URL=distribution_postgres)
    assert listed.stdout.startswith("default"), "the server still runs"
