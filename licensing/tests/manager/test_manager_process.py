"""The manager as a process: where it listens, what it survives, how it stops."""

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

ORDER = {"customer": "Process Ltd", "modules": "*", "seats": 5, "days": 30}


def test_everything_is_there_after_a_restart(make_manager):
    manager = make_manager()
    manager.start()
    made = manager.issue("Process Ltd")
    assert manager.stop() == 0
    manager.command("init")
    manager.start()
    assert manager.call("GET", f"/api/licenses/{made['jti']}")[1]["data"]["jti"] == made["jti"]
    assert manager.call("GET", "/api/revocations")[1]["data"]["seq"] == 1


def test_it_listens_on_loopback_alone(manager):
    assert manager.url.startswith("http://127.0.0.1:")
    argv = ["serve", "--key", manager.key, "--port", 0, "--host", "0.0.0.0"]
    code, said = manager.command(*argv, check=False)
    assert (code, "--tls-cert" in said, said.count("\n")) == (2, True, 1)


def test_other_addresses_by_name_or_behind_a_proxy(make_manager):
    manager = make_manager()
    for argv in (["--host", "localhost"], ["--host", "0.0.0.0", "--plain-http"]):
        manager.start(*argv)
        port = manager.url.rsplit(":", 1)[1]
        assert requests.get(f"http://127.0.0.1:{port}/health", timeout=30).status_code == 200
        manager.stop()


def test_tls(make_manager):
    manager = make_manager()
    cert, key = manager.folder / "cert.pem", manager.folder / "tls.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert]
    subprocess.run(make, check=True, capture_output=True)
    manager.start("--tls-cert", cert, "--tls-key", key, "--host", "0.0.0.0")
    port = manager.url.rsplit(":", 1)[1]
    assert manager.url.startswith("https://")
    assert requests.get(f"https://localhost:{port}/health", verify=cert, timeout=30).status_code == 200
    manager.stop()
    code, said = manager.command(
        "serve", "--key", manager.key, "--tls-cert", key, "--tls-key", key, check=False
    )
    assert (code, said.count("\n")) == (2, 1)


def test_a_port_that_is_taken(manager):
    port = manager.url.rsplit(":", 1)[1]
    code, said = manager.command("serve", "--key", manager.key, "--port", port, check=False)
    assert (code, said.count("\n")) == (2, 1)


def test_a_database_that_was_not_set_up(manager, databases):
    code, said = manager.command("token", "list", database=databases.new(), check=False)
    assert (code, "manager init" in said, said.count("\n")) == (2, True, 1)


def test_a_clock_behind_the_last_write_signs_nothing(make_manager, databases):
    manager = make_manager()
    manager.start()
    made = manager.issue("Process Ltd")
    ahead = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    databases.sql(manager.database, f"UPDATE ledger SET at = '{ahead}'")
    for path, body in (
        ("/api/licenses", ORDER),
        (f"/api/licenses/{made['jti']}/renew", {"days": 1}),
        (f"/api/licenses/{made['jti']}/revoke", {"reason": "x"}),
    ):
        status, answer = manager.call("POST", path, body)
        assert (status, answer["code"]) == (503, "CLOCK_BEHIND")
    assert manager.call("GET", "/api/licenses")[1]["meta"]["total"] == 1
    code, said = manager.command("token", "create", "x", "--scopes", "read", check=False)
    assert (code, "clock" in said) == (2, True)


def test_a_clock_a_little_behind_dates_nothing_back(make_manager, databases):
    manager = make_manager()
    manager.start()
    ahead = (datetime.now(UTC) + timedelta(seconds=30)).replace(microsecond=0)
    databases.sql(manager.database, f"UPDATE ledger SET at = '{ahead}'")
    made = manager.issue("Process Ltd")
    assert datetime.fromisoformat(made["issuedAt"]) == ahead


def test_a_license_changed_behind_its_back_is_not_signed_anew(make_manager, databases):
    manager = make_manager()
    manager.start()
    cheap, dear = manager.issue("Process Ltd"), manager.issue("Process Ltd", seats=5000)
    parts = [manager.text(f"/api/licenses/{made['jti']}/file").strip().split(".") for made in (cheap, dear)]
    forged = ".".join([parts[0][0], parts[1][1], parts[0][2]])
    if "sqlite" in manager.database:
        databases.sql(manager.database, "DROP TRIGGER license_UPDATE_refused")
    else:
        databases.sql(manager.database, "ALTER TABLE license DISABLE TRIGGER license_refused")
    databases.sql(manager.database, f"UPDATE license SET token = '{forged}' WHERE jti = '{cheap['jti']}'")
    status, answer = manager.call("POST", f"/api/licenses/{cheap['jti']}/renew", {"days": 1})
    assert (status, answer["code"]) == (500, "INTERNAL_ERROR")
    assert manager.call("GET", "/api/licenses")[1]["meta"]["total"] == 2


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_a_file_is_its_owners(make_manager):
    manager = make_manager()
    manager.start()
    manager.issue("Process Ltd")
    file = Path(manager.database)
    beside = [file, *file.parent.glob(f"{file.name}-*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in beside} == {0o600}
    assert len(beside) == 3


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_server_that_goes_away(make_manager, postgres):
    """503 while PostgreSQL is down, and no restart needed when it is back."""
    manager = make_manager()
    manager.start()
    manager.issue("Process Ltd")
    postgres.stop()
    try:
        for call in (("GET", "/api/licenses"), ("POST", "/api/licenses", ORDER)):
            status, answer = manager.call(*call)
            assert (status, answer["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert requests.get(f"{manager.url}/health", timeout=30).status_code == 503
        code, said = manager.command("token", "list", check=False)
        assert (code, said.count("\n")) == (2, 1)
    finally:
        postgres.start()
    assert manager.call("POST", "/api/licenses", ORDER)[0] == 201
    assert manager.call("GET", "/api/licenses")[1]["meta"]["total"] == 2
