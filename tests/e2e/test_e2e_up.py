"""`threatweaver up`: start, the line for scripts, a second start, every way to stop."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest
import requests
from e2e_product import COMMAND, belonging, environment, run, start, wait_until

SECOND_START_SECONDS = 10.0  # of a machine that runs another test beside; the goal of an idle one is 5


def test_first_start_tells_scripts_all_they_need(fresh_home):
    running = start(fresh_home, "--port", "0", program=COMMAND)
    assert set(running.line) == {"url", "playground", "tenant", "admin"}
    assert set(running.line["admin"]) == {"email", "password"}
    assert running.line["playground"] == f"{running.url}/api-playground"
    assert running.get("/api/auth/me").json()["tenantSlug"] == running.line["tenant"]
    # `up` is ready with its first process; the others follow.
    wait_until(
        lambda: running.log.count('"serving"') == os.cpu_count(), seconds=60, what="all processes serve"
    )
    assert (
        len([item for item in belonging(fresh_home) if "serve-" in " ".join(item.cmdline())])
        == os.cpu_count()
    )
    assert running.stop(signal.SIGTERM) == 0
    running.assert_nothing_left()


def test_people_are_told_what_they_need_and_the_password_once(fresh_home):
    process = subprocess.Popen(
        [COMMAND, "up", "--home", str(fresh_home), "--port", "0"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        words = dict(line.split(maxsplit=1) for line in lines if len(line.split(maxsplit=1)) == 2)
        assert requests.get(words["Playground"].strip(), timeout=10).status_code == 200
        email, password = words["Sign"].split()[-1], words["Password"].strip()
        assert len(password) >= 12
        credentials = {"email": email, "password": password}
        answer = requests.post(f"{words['API'].strip()}/auth/login", json=credentials, timeout=10)
        assert answer.status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=30)
    assert process.returncode == 0
    assert password not in logged

    # The best of two: the machine may be busy with another test beside this one.
    seconds = []
    for _ in range(2):
        again = start(fresh_home, "--port", "0", program=COMMAND, TW_ADMIN_PASSWORD="")
        seconds.append(again.seconds)
        assert again.line["admin"] == {"email": email, "password": None}
        again.password = password
        again.token()
        assert again.stop() == 0
        again.assert_nothing_left()
        if again.seconds < SECOND_START_SECONDS:
            break
    print(f"second start {seconds}")  # noqa: T201 - a measurement
    assert min(seconds) < SECOND_START_SECONDS


def test_variables_set_what_flags_set(fresh_home):
    port = _free_port()
    settings = {"TW_HOME": str(fresh_home), "TW_PORT": str(port), "TW_ADMIN_EMAIL": "ada@example.com"}
    process = subprocess.Popen(
        [COMMAND, "up", "--json"],
        env=environment(**settings, TW_ADMIN_PASSWORD="another-fine-password"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        line = json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stdout.close()
    assert line["url"] == f"http://127.0.0.1:{port}"
    assert line["admin"] == {"email": "ada@example.com", "password": "another-fine-password"}
    assert not belonging(fresh_home)
    # The administrator keeps the address of the first start, whatever the variable says later.
    again = start(fresh_home, "--port", "0", TW_ADMIN_EMAIL="eve@example.com")
    assert again.line["admin"]["email"] == "ada@example.com"
    assert again.stop() == 0


def test_ctrl_c_stops_everything(home):
    running = start(home, "--port", "0")
    began = time.monotonic()
    assert running.stop(signal.SIGINT, group=True) == 0
    assert time.monotonic() - began < 15
    running.assert_nothing_left()
    assert "Traceback" not in running.log


def test_stopping_while_starting_leaves_nothing(fresh_home):
    for pause in (0.3, 1.5):
        process = subprocess.Popen(
            [COMMAND, "up", "--home", str(fresh_home), "--port", "0"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        time.sleep(pause)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
        assert "Traceback" not in said
        wait_until(lambda: not belonging(fresh_home), seconds=10, what="nothing is left")


def test_second_up_on_the_same_home_says_so(product):
    refused = run("up", "--home", str(product.home), "--port", "0")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.count("\n") == 1
    assert "already runs" in refused.stderr
    assert product.get("/api/health/ready").status_code == 200


def test_port_in_use_is_said(shared_home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = run("up", "--home", str(shared_home), "--port", str(port), "--json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"127.0.0.1:{port}" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not belonging(shared_home)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TW_PROT": "4005"}, "unknown setting TW_PROT; did you mean TW_PORT?"),
        ({"TW_EXPOSURE_NONSENSE": "1"}, "unknown setting TW_EXPOSURE_NONSENSE"),
        ({"TW_PORT": "http"}, "TW_PORT must be a whole number"),
        ({"TW_PORT": "70000"}, "TW_PORT must be between 0 and 65535"),
        ({"TW_ADMIN_PASSWORD": "short"}, "TW_ADMIN_PASSWORD: A password has 12"),
        ({"TW_ADMIN_PASSWORD": "passwordpassword"}, "lists that attackers use"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "cannot connect to the database"),
        ({"DATABASE_URL": "mysql://somewhere"}, "DATABASE_URL"),
    ],
)
def test_wrong_setting_is_said_in_one_line(shared_fresh_home, settings, words):
    refused = run("up", "--home", str(shared_fresh_home), **settings)
    assert (refused.returncode, refused.stdout) == (1, "")
    lines = [line for line in refused.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, refused.stderr
    assert lines[0].startswith("threatweaver: ")
    assert words in lines[0]
    assert not belonging(shared_fresh_home)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
