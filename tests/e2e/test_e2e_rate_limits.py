"""Two real serve processes on one database: sign-in limits hold across them, for each client address."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import e2e_product as products
import psutil
import pytest
import requests


def wrong():
    """Credentials of an account that nobody tried: guessing at one account is slowed down by its own rule."""
    return {"email": f"{uuid4().hex}@example.com", "password": "not the password"}


@pytest.fixture
def two_processes(home):
    started = products.start(
        home,
        TW_PROCESSES="2",
        TW_RATE_LIMIT="100",
        TW_TRUSTED_PROXIES="127.0.0.1/32",
        TW_LOG_LEVEL="info",
    )
    yield started
    assert started.stop() == 0


def wrong_sign_ins(url, times, address):
    """Try at once, each on a connection of its own; return how often which status came."""

    def attempt(_):
        headers = {"X-Forwarded-For": address, "Connection": "close"}
        return requests.post(f"{url}/api/auth/login", json=wrong(), headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(attempt, range(times)))


def answered_by(product, status):
    """The serve processes that answered a sign-in with this status, by the log."""
    lines = [json.loads(line) for line in product.log.splitlines() if line.startswith("{")]
    return {
        line["process"]
        for line in lines
        if line.get("path") == "/api/auth/login" and line.get("status") == status
    }


def test_ten_of_thirty_wrong_passwords_from_one_address_are_checked(two_processes):
    url = two_processes.url
    assert wrong_sign_ins(url, 30, "192.0.2.9") == {401: 10, 429: 20}
    assert wrong_sign_ins(url, 10, "192.0.2.9") == {429: 10}
    assert wrong_sign_ins(url, 12, "192.0.2.10") == {401: 10, 429: 2}  # another one is unaffected
    answer = requests.post(f"{url}/api/auth/login", json=wrong(), timeout=20)  # the proxy's own address, too
    assert answer.status_code == 401

    def refused_by_both():
        assert wrong_sign_ins(url, 10, "192.0.2.9") == {429: 10}
        return answered_by(two_processes, 429) == {"serve-1", "serve-2"}

    products.wait_until(refused_by_both, seconds=60, what="both processes refuse the address")


def test_the_count_outlives_the_process_that_made_it(two_processes):
    url = two_processes.url
    assert wrong_sign_ins(url, 10, "192.0.2.20") == {401: 10}
    for name in ("serve-1", "serve-2"):
        old = two_processes.child(name)
        old.kill()
        products.wait_until(
            lambda gone=old, name=name: (new := two_processes.child(name)) and new.pid != gone.pid,
            seconds=20,
            what=f"{name} comes back",
        )
    products.wait_until(lambda: _live(url), seconds=20, what="the product answers again")
    assert wrong_sign_ins(url, 5, "192.0.2.20") == {429: 5}
    assert psutil.pid_exists(two_processes.process.pid)


def _live(url):
    try:
        return requests.get(f"{url}/api/health/ready", timeout=2).status_code == 200
    except requests.RequestException:
        return False
