"""The commands besides `up`: what they print, their exit codes, and one clear line when they cannot."""

import gzip
import json
import signal
import subprocess

import pytest
import requests
from e2e_product import COMMAND, belonging, environment, run, wait_until


def good(*arguments: str, **settings: str) -> str:
    ran = run(*arguments, **settings)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stdout


def bad(*arguments: str, **settings: str) -> str:
    """The one line on stderr of a command that cannot do what it was asked."""
    ran = run(*arguments, **settings)
    assert ran.returncode == 1, (ran.stdout, ran.stderr)
    lines = [line for line in ran.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, ran.stderr
    assert lines[0].startswith("threatweaver: ")
    return lines[0]


@pytest.mark.parametrize("arguments", [["nonsense"], ["import"], ["tenant", "create"], ["up", "--port", "x"]])
def test_wrong_usage_is_exit_2_without_a_traceback(arguments):
    ran = run(*arguments)
    assert ran.returncode == 2
    assert "Usage: " in ran.stderr
    assert "Traceback" not in ran.stderr


def test_help_names_every_command():
    said = good("--help")
    for name in (
        "up",
        "serve",
        "worker",
        "migrate",
        "tenant",
        "user",
        "plugins",
        "routes",
        "openapi",
        "import",
    ):
        assert f"  {name} " in said
    assert "doctor" in said


def test_commands_work_while_the_product_runs(product):
    home = ("--home", str(product.home))
    assert "admitted" in good("plugins", *home)
    routes = good("routes", *home).splitlines()
    document = json.loads(good("openapi", *home))
    assert len(routes) == sum(len(methods) for methods in document["paths"].values())
    assert document == requests.get(f"{product.url}/api-docs/swagger.json", timeout=20).json()
    assert "up to date" in good("migrate", *home)
    assert good("migrate", "--plan", *home) == ""
    checks = good("doctor", *home)
    assert checks.startswith("ok ")
    assert "FAIL" not in checks
    assert "PostgreSQL 18" in checks


def test_tenant_and_user_can_be_made_and_sign_in(product):
    home = ("--home", str(product.home))
    good("tenant", "create", "acme", "--name", "Acme Inc", *home)
    assert "acme" in [line.split()[0] for line in good("tenant", "list", *home).splitlines()]
    said = good("user", "create", "vera@acme.example", "--tenant", "acme", "--role", "viewer", *home)
    password = said.splitlines()[1].split()[1]
    answer = requests.post(
        f"{product.url}/api/auth/login", json={"email": "vera@acme.example", "password": password}, timeout=20
    ).json()
    assert (answer["user"]["tenantSlug"], answer["user"]["role"]) == ("acme", "viewer")
    assert "exists" in bad("tenant", "create", "acme", *home)
    assert "slug" in bad("tenant", "create", "Not A Slug", *home)
    assert "no tenant 'nowhere'" in bad("user", "create", "x@y.example", "--tenant", "nowhere", *home)
    assert "is no role" in bad("user", "create", "x@y.example", "--tenant", "acme", "--role", "king", *home)
    short = ("--tenant", "acme", "--password", "short")
    assert "12 to 256 characters" in bad("user", "create", "x@y.example", *short, *home)
    listed = ("--tenant", "acme", "--password", "passwordpassword")
    assert "lists that attackers use" in bad("user", "create", "x@y.example", *listed, *home)
    assert "exists" in bad("user", "create", "vera@acme.example", "--tenant", "acme", *home)


def test_import_beside_the_running_product(product, report, tmp_path):
    home = ("--home", str(product.home), "--tenant", "files")
    good("tenant", "create", "files", "--home", str(product.home))
    plain = report(hosts=3, findings=60)
    first = json.loads(good("import", str(plain), *home))
    assert first["created"] > 0
    packed = tmp_path / "report.nessus.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    again = json.loads(good("import", str(packed), *home))
    assert (again["created"], again["updated"], again["closed"]) == (0, 0, 0)
    assert again["unchanged"] == first["created"]
    assert not list((product.home / "spool").iterdir())


def test_import_of_what_is_no_report_is_one_line(product, tmp_path):
    home = ("--home", str(product.home))
    assert "there is no file" in bad("import", str(tmp_path / "missing"), *home)
    wrong = tmp_path / "wrong.nessus"
    wrong.write_text("hello")
    assert "formats that" in bad("import", str(wrong), *home)
    wrong.write_bytes(b"")
    assert "empty" in bad("import", str(wrong), *home).lower()
    assert not list((product.home / "spool").iterdir())


def test_commands_start_and_stop_the_database_when_nothing_runs(shared_fresh_home, report):
    fresh_home = ("--home", str(shared_fresh_home))
    assert "there is no tenant yet" in bad("import", str(report(hosts=3, findings=60)), *fresh_home)
    assert good("tenant", "list", *fresh_home) == ""
    good("tenant", "create", "solo", *fresh_home)
    assert json.loads(good("import", str(report(hosts=3, findings=60)), *fresh_home))["created"] > 0
    assert "FAIL" not in good("doctor", *fresh_home)
    assert not belonging(shared_fresh_home)


def test_serve_and_worker_run_by_themselves(product, report):
    """As on hosts of their own: the same database, a port of their own, no supervisor."""
    serve = subprocess.Popen(
        [COMMAND, "serve", "--home", str(product.home), "--port", "0"],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    worker = subprocess.Popen(
        [COMMAND, "worker", "--home", str(product.home)], env=environment(), stderr=subprocess.PIPE, text=True
    )
    try:
        assert '"serving"' in next(line for line in serve.stderr if "serving" in line)
        assert '"working"' in next(line for line in worker.stderr if "working" in line)
    finally:
        for process in (serve, worker):
            process.send_signal(signal.SIGTERM)
        for process in (serve, worker):
            assert process.wait(20) == 0
            process.stderr.close()
    wait_until(lambda: product.get("/api/health/ready").status_code == 200, seconds=5, what="up goes on")


def test_wrong_database_is_one_line(shared_home):
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    assert "cannot connect" in bad("tenant", "list", "--home", str(shared_home), **nowhere)
    assert "cannot connect" in bad("serve", "--home", str(shared_home), "--port", "0", **nowhere)
    ran = run("doctor", "--home", str(shared_home), **nowhere)
    assert ran.returncode == 1
    assert "FAIL  database" in ran.stdout
