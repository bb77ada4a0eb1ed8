"""SIGHUP: every process is replaced by one that has loaded what is installed now, and nobody notices."""

import signal

import pytest
import requests
from callers import assert_all_answered, calling
from certificates import certificate
from e2e_product import COMMAND, start, wait_until


@pytest.fixture
def running(home):
    product = start(home, "--port", "0", program=COMMAND)
    wait_until(lambda: product.child("worker"), seconds=20, what="all processes run")
    yield product
    assert product.stop() == 0


def pids(product):
    return {name: product.child(name).pid for name in ("template", "serve-1", "worker")}


def test_no_request_fails_while_every_process_is_replaced(running):
    before = pids(running)
    with calling(f"{running.url}/api/auth/me", running.token()) as callers:
        running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: '"renewed"' in running.log, seconds=60, what="the processes are replaced")
    assert_all_answered(callers)
    assert not set(pids(running).values()) & set(before.values())


def test_what_does_not_start_replaces_nothing_and_is_said(home, tmp_path):
    cert, key = certificate(tmp_path)
    running = start(home, "--port", "0", "--tls-cert", str(cert), "--tls-key", str(key))
    try:
        wait_until(lambda: running.child("worker"), seconds=20, what="all processes run")
        before = pids(running)
        good = cert.read_bytes()
        kept = tmp_path / "kept.pem"
        kept.write_bytes(good)
        cert.write_text("no certificate")
        running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: '"renewal_failed"' in running.log, seconds=60, what="the failure is said")
        assert pids(running) == before
        assert (
            requests.get(f"{running.url}/api/health/ready", verify=str(kept), timeout=10).status_code == 200
        )
        cert.write_bytes(good)
        running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: '"renewed"' in running.log, seconds=60, what="the processes are replaced")
    finally:
        assert running.stop() == 0
