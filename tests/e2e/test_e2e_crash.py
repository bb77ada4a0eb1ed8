"""kill -9 of anything: what is left recovers by itself, and the next start works."""

import os
import signal
import time
from contextlib import suppress

import psutil
import pytest
import requests
from e2e_product import COMMAND, Product, belonging, start, wait_until


@pytest.fixture(scope="module")
def surviving(shared_home):
    """The product, of which tests kill one part after the other; it goes on."""
    product = start(shared_home, "--port", "0")
    yield product
    assert product.stop() == 0
    product.assert_nothing_left()


@pytest.fixture
def running(surviving):
    """The product with all of its processes."""
    wait_until(lambda: surviving.child("worker"), seconds=20, what="all processes run")
    wait_until(lambda: ready(surviving), seconds=30, what="it is ready")
    return surviving


@pytest.fixture
def mortal(home):
    """A product of one test, which ends it."""
    product = start(home, "--port", "0", program=COMMAND)
    wait_until(lambda: product.child("worker"), seconds=20, what="all processes run")
    return product


def ready(product: Product) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{product.url}/api/health/ready", timeout=3).status_code == 200
    return False


@pytest.mark.parametrize("name", ["serve-1", "worker"])
def test_killed_child_is_replaced(running, name):
    running.token()
    old, deaths = running.child(name), running.log.count('"process_died"')
    old.kill()
    for _ in range(20):  # the other process goes on answering
        with suppress(requests.ConnectionError):  # a connection that the killed one had accepted
            assert running.get("/api/auth/me").status_code == 200

    def replaced() -> bool:
        new = running.child(name)
        return new is not None and new.pid != old.pid

    wait_until(replaced, seconds=10, what=f"{name} is replaced")
    wait_until(lambda: running.log.count('"process_died"') > deaths, seconds=5, what="the death is logged")
    for _ in range(10):
        assert running.get("/api/auth/me").status_code == 200


def test_killed_template_is_replaced_with_all_that_was_forked_from_it(running):
    old = {name: running.child(name).pid for name in ("template", "serve-1", "worker")}
    running.child("template").kill()

    def replaced() -> bool:
        new = {name: running.child(name) for name in old}
        return all(new.values()) and not {item.pid for item in new.values()} & set(old.values())

    wait_until(replaced, seconds=20, what="all processes are replaced")
    wait_until(lambda: ready(running), seconds=20, what="the product is ready again")
    wait_until(
        lambda: not any(psutil.pid_exists(pid) for pid in old.values()), seconds=20, what="the old end"
    )
    assert running.get("/api/auth/me").status_code == 200


def test_killed_postgres_comes_back(running, report):
    running.token()
    running.postmaster().kill()
    seen: dict[int, requests.Response] = {}
    began = time.monotonic()

    def recovered() -> bool:
        answer = running.get("/api/vulnerabilities", timeout=15)
        seen.setdefault(answer.status_code, answer)
        return answer.status_code == 200 and time.monotonic() - began > 1

    wait_until(recovered, seconds=30, what="the API answers again")
    assert set(seen) <= {200, 503}, seen.keys()
    for _ in range(10):
        assert running.get("/api/vulnerabilities").status_code == 200
    again = running.upload(report(hosts=3, findings=60), wait=30)
    assert again.json()["status"] == "completed", "the worker has its database back"


def test_requests_and_uploads_during_an_outage_get_the_documented_body(running, report):
    running.token()
    database = running.postmaster()
    os.kill(running.process.pid, signal.SIGSTOP)  # nobody restarts it
    try:
        database.kill()
        wait_until(lambda: not database.is_running(), seconds=5, what="PostgreSQL is gone")
        for item in belonging(running.home):  # its backends notice only when they are spoken to
            if item.name() == "postgres":
                with suppress(psutil.Error):
                    item.kill()
        answers = [running.get("/api/dashboard/kpis"), running.upload(report(hosts=3, findings=60))]
        health = requests.get(f"{running.url}/api/health/ready", timeout=15)
        alive = requests.get(f"{running.url}/api/health/live", timeout=15)
    finally:
        os.kill(running.process.pid, signal.SIGCONT)
    for answer in answers:
        body = answer.json()
        assert (answer.status_code, body["code"]) == (503, "SERVICE_UNAVAILABLE"), body
        assert {"error", "message", "requestId"} <= set(body)
        assert int(answer.headers["Retry-After"]) >= 1
    assert (health.status_code, alive.status_code) == (503, 200)
    assert list((running.home / "spool").iterdir()) == []
    wait_until(lambda: ready(running), seconds=30, what="the product is ready again")
    assert running.get("/api/dashboard/kpis").status_code == 200


def test_killed_supervisor_leaves_nothing_and_the_next_start_works(mortal):
    group = mortal.get("/api/tags").json()["meta"]["total"]
    os.kill(mortal.process.pid, signal.SIGKILL)
    mortal.process.wait(5)
    again = start(mortal.home, "--port", "0", program=COMMAND)  # adopts the database that is still there
    try:
        assert again.line["admin"]["password"] is None
        assert again.get("/api/tags").json()["meta"]["total"] == group
        supervisor = psutil.Process(again.process.pid)
        theirs = {supervisor.pid, *(item.pid for item in supervisor.children(recursive=True))}

        def orphans():
            mine = [item for item in belonging(again.home) if "threatweaver" in " ".join(item.cmdline())]
            return [item for item in mine if "postgres" not in item.name() and item.pid not in theirs]

        wait_until(lambda: not orphans(), seconds=15, what="the children of the killed one end")
        assert ready(again)
    finally:
        assert again.stop() == 0
    again.assert_nothing_left()


def test_everything_killed_at_once_and_started_again(mortal, report):
    done = mortal.upload(report(hosts=3, findings=60), wait=30).json()
    assert done["status"] == "completed"
    before = mortal.get("/api/dashboard/kpis").json()
    mortal.process.send_signal(signal.SIGSTOP)
    for item in [psutil.Process(mortal.process.pid), *belonging(mortal.home)]:
        with suppress(psutil.Error):
            item.kill()
    mortal.process.wait(5)
    again = start(mortal.home, "--port", "0")
    try:
        assert again.get("/api/dashboard/kpis").json() == before
        assert again.upload(report(hosts=3, findings=60), wait=30).json()["result"]["created"] == 0
    finally:
        assert again.stop() == 0
    again.assert_nothing_left()
